/* SPDX-License-Identifier: MIT */
/*
 * What is secret: passwords, tokens, and proofs by a shared key.  The only file
 * that includes libsodium is secret.c.  Any thread, after secret_start().
 * Sources: RFC 9106 (argon2id), RFC 4648 section 5 (base64url), RFC 2104
 * (HMAC).  Go's counterpart: golang.org/x/crypto/argon2, crypto/rand.
 */
#ifndef CHAT_SECRET_H
#define CHAT_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before all others; once, by main.  0, or -ENOSYS where the system gives no
 * random numbers. */
int secret_start(void);

void secret_random(void *to, size_t len);

/* Overwrites what nobody may read any more; the compiler can't leave it out. */
void secret_wipe(void *p, size_t len);

/* ---- Passwords ---- */

#define SECRET_HASH_BYTES 128 /* a password's hash as text, with its NUL */

/*
 * Hashes a password with memory bytes (8 KiB at least).  It takes long, on
 * purpose: not for readers, which are many.  0 or -ENOMEM.
 */
int secret_hash_password(char hash[SECRET_HASH_BYTES], const char *password,
			 size_t len, size_t memory);

/*
 * 0: the password is the hash's; -EACCES: it isn't; -ENOMEM.  hash NULL, where
 * a name is unknown, takes as long as a hash made with that memory, and is
 * always wrong: so that nobody learns which names there are.
 */
int secret_check_password(const char *hash, const char *password, size_t len,
			  size_t memory);

/* ---- Tokens ---- */

#define SECRET_TOKEN_CHARS 43 /* 32 bytes in base64url, without its NUL */
#define SECRET_DIGEST      32 /* SHA-256 */

void secret_make_token(char token[SECRET_TOKEN_CHARS + 1]);

/* What is stored of a token; false: it has not the form of one. */
bool secret_digest_token(uint8_t digest[SECRET_DIGEST], const char *token,
			 size_t len);

/* ---- Proofs ---- */

/* True where mac is the HMAC-SHA-256 of the message under the key; takes as
 * long where it isn't. */
bool secret_check_hmac(const uint8_t mac[SECRET_DIGEST], const char *message,
		       size_t len, const char *key, size_t key_len);

/* From base64url without padding; returns how many bytes, or -1: it is none,
 * or more than room. */
ptrdiff_t secret_from_base64url(void *to, size_t room, const char *text,
				size_t len);

#endif
