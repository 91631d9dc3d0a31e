/* SPDX-License-Identifier: MIT */
/* The only file that includes libsodium. */
#include "secret.h"

#include "check.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

/* Passes over the memory: libsodium's "interactive" is 2 at 64 MiB. */
#define PASSES 2

_Static_assert(SECRET_HASH_BYTES == crypto_pwhash_STRBYTES, "libsodium's");
_Static_assert(SECRET_DIGEST == crypto_hash_sha256_BYTES, "libsodium's");
_Static_assert(SECRET_DIGEST == crypto_auth_hmacsha256_BYTES, "libsodium's");

int secret_start(void)
{
	return sodium_init() < 0 ? -ENOSYS : 0;
}

void secret_random(void *to, size_t len)
{
	randombytes_buf(to, len);
}

void secret_wipe(void *p, size_t len)
{
	sodium_memzero(p, len);
}

/* ---- Passwords ---- */

int secret_hash_password(char hash[SECRET_HASH_BYTES], const char *password,
			 size_t len, size_t memory)
{
	CHECK(memory >= crypto_pwhash_MEMLIMIT_MIN);
	return crypto_pwhash_str_alg(hash, password, len, PASSES, memory,
				     crypto_pwhash_ALG_ARGON2ID13)
		       ? -ENOMEM
		       : 0;
}

int secret_check_password(const char *hash, const char *password, size_t len,
			  size_t memory)
{
	char nobody[SECRET_HASH_BYTES];
	int err;

	if (!hash) {
		err = secret_hash_password(nobody, password, len, memory);
		return err ? err : -EACCES;
	}
	errno = 0;
	if (crypto_pwhash_str_verify(hash, password, len) == 0)
		return 0;
	return errno == ENOMEM ? -ENOMEM : -EACCES;
}

/* ---- Tokens ---- */

#define VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

void secret_make_token(char token[SECRET_TOKEN_CHARS + 1])
{
	uint8_t bytes[32];

	_Static_assert(sodium_base64_ENCODED_LEN(sizeof(bytes), VARIANT) ==
			       SECRET_TOKEN_CHARS + 1,
		       "base64url of 32 bytes");
	secret_random(bytes, sizeof(bytes));
	(void)sodium_bin2base64(token, SECRET_TOKEN_CHARS + 1, bytes,
				sizeof(bytes), VARIANT);
	secret_wipe(bytes, sizeof(bytes));
}

bool secret_digest_token(uint8_t digest[SECRET_DIGEST], const char *token,
			 size_t len)
{
	uint8_t bytes[32];

	if (len != SECRET_TOKEN_CHARS ||
	    secret_from_base64url(bytes, sizeof(bytes), token, len) !=
		    (ptrdiff_t)sizeof(bytes))
		return false;
	CHECK(crypto_hash_sha256(digest, bytes, sizeof(bytes)) == 0);
	secret_wipe(bytes, sizeof(bytes));
	return true;
}

/* ---- Proofs ---- */

bool secret_check_hmac(const uint8_t mac[SECRET_DIGEST], const char *message,
		       size_t len, const char *key, size_t key_len)
{
	crypto_auth_hmacsha256_state state;
	uint8_t right[SECRET_DIGEST];

	CHECK(crypto_auth_hmacsha256_init(&state, (const uint8_t *)key,
					  key_len) == 0);
	CHECK(crypto_auth_hmacsha256_update(&state, (const uint8_t *)message,
					    len) == 0);
	CHECK(crypto_auth_hmacsha256_final(&state, right) == 0);
	secret_wipe(&state, sizeof(state));
	return sodium_memcmp(mac, right, sizeof(right)) == 0;
}

ptrdiff_t secret_from_base64url(void *to, size_t room, const char *text,
				size_t len)
{
	const char *end;
	size_t n;

	if (sodium_base642bin(to, room, text, len, NULL, &n, &end, VARIANT) !=
		    0 ||
	    end != text + len)
		return -1;
	return (ptrdiff_t)n;
}
