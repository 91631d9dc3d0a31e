/* SPDX-License-Identifier: MIT */
/*
 * Passwords, tokens, proofs, and the JWTs that rest on them.
 *
 * Planted, and caught by: a signature that isn't compared, or compared in its
 * first half only (every_byte_of_a_jwt_counts); the header's algorithm obeyed
 * (only_hs256_is_taken); exp and nbf without their skew, or the wrong way
 * (it_holds_from_nbf_to_exp); a token's text digested in place of its bytes
 * (a_token_has_one_spelling).
 */
#include "json.h"
#include "jwt.h"
#include "secret.h"

#include <check.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY (64 * 1024) /* little: the tests needn't be slow */

static const char key[] = "a secret of at least thirty-two bytes";

#define KEY key, sizeof(key) - 1

/* ---- Passwords ---- */

START_TEST(a_password_is_its_own_and_no_others)
{
	char hash[SECRET_HASH_BYTES], again[SECRET_HASH_BYTES];

	ck_assert_int_eq(secret_hash_password(hash, "secret99", 8, MEMORY), 0);
	ck_assert_int_eq(secret_hash_password(again, "secret99", 8, MEMORY), 0);
	ck_assert_ptr_nonnull(strstr(hash, "$argon2id$"));
	ck_assert_str_ne(hash, again); /* salted */
	ck_assert_int_eq(secret_check_password(hash, "secret99", 8, MEMORY), 0);
	ck_assert_int_eq(secret_check_password(hash, "secret98", 8, MEMORY),
			 -EACCES);
	ck_assert_int_eq(secret_check_password(hash, "secret9", 7, MEMORY),
			 -EACCES);
	ck_assert_int_eq(secret_check_password(hash, "", 0, MEMORY), -EACCES);
	ck_assert_int_eq(secret_check_password("", "secret99", 8, MEMORY),
			 -EACCES);
	ck_assert_int_eq(secret_check_password(NULL, "secret99", 8, MEMORY),
			 -EACCES);
}
END_TEST

/* 256 bytes, a NUL among them: as sent, whatever it is. */
START_TEST(all_bytes_of_a_password_count)
{
	char hash[SECRET_HASH_BYTES], password[256];

	for (int i = 0; i < 256; i++)
		password[i] = (char)i;
	ck_assert_int_eq(secret_hash_password(hash, password, 256, MEMORY), 0);
	ck_assert_int_eq(secret_check_password(hash, password, 256, MEMORY), 0);
	password[255] ^= 1;
	ck_assert_int_eq(secret_check_password(hash, password, 256, MEMORY),
			 -EACCES);
}
END_TEST

/* ---- Tokens ---- */

START_TEST(tokens_differ_and_have_one_digest)
{
	char a[SECRET_TOKEN_CHARS + 1], b[SECRET_TOKEN_CHARS + 1];
	uint8_t da[SECRET_DIGEST], db[SECRET_DIGEST];

	secret_make_token(a);
	secret_make_token(b);
	ck_assert_uint_eq(strlen(a), SECRET_TOKEN_CHARS);
	ck_assert_str_ne(a, b);
	ck_assert_uint_eq(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
				    "qrstuvwxyz0123456789-_"),
			  SECRET_TOKEN_CHARS);
	ck_assert(secret_digest_token(da, a, strlen(a)));
	ck_assert(secret_digest_token(db, b, strlen(b)));
	ck_assert_mem_ne(da, db, SECRET_DIGEST);
	ck_assert(secret_digest_token(db, a, strlen(a)));
	ck_assert_mem_eq(da, db, SECRET_DIGEST);
}
END_TEST

/* 43 characters have two bits to spare, which must be zero. */
START_TEST(a_token_has_one_spelling)
{
	static const char zeros[] =
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	/* sha256sum of 32 NULs */
	static const uint8_t known[SECRET_DIGEST] = {
		0x66, 0x68, 0x7a, 0xad, 0xf8, 0x62, 0xbd, 0x77,
		0x6c, 0x8f, 0xc1, 0x8b, 0x8e, 0x9f, 0x8e, 0x20,
		0x08, 0x97, 0x14, 0x85, 0x6e, 0xe2, 0x33, 0xb3,
		0x90, 0x2a, 0x59, 0x1d, 0x0d, 0x5f, 0x29, 0x25};
	uint8_t digest[SECRET_DIGEST];
	char text[SECRET_TOKEN_CHARS + 2];

	ck_assert(secret_digest_token(digest, zeros, SECRET_TOKEN_CHARS));
	ck_assert_mem_eq(digest, known, SECRET_DIGEST);
	ck_assert(!secret_digest_token(digest, zeros, SECRET_TOKEN_CHARS - 1));
	strcpy(text, zeros);
	text[SECRET_TOKEN_CHARS - 1] = 'B';
	ck_assert(!secret_digest_token(digest, text, SECRET_TOKEN_CHARS));
	strcpy(text, zeros);
	text[5] = '+';
	ck_assert(!secret_digest_token(digest, text, SECRET_TOKEN_CHARS));
	strcpy(text, zeros);
	strcat(text, "A");
	ck_assert(!secret_digest_token(digest, text, SECRET_TOKEN_CHARS + 1));
}
END_TEST

/* ---- JWT ---- */

/* Made by another program: {"typ":"JWT",CRLF "alg":"HS256"},
 * {"sub":"Ann","exp":2000,"nbf":1000,"rooms":["Lobby","café"]}. */
static const char known[] =
	"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
	"eyJzdWIiOiJBbm4iLCJleHAiOjIwMDAsIm5iZiI6MTAwMCwicm9vbXMiOlsiTG9iYnki"
	"LCJjYWbDqSJdfQ.MgjLhE4si8F0w57_M9XTUdipVZfx0o0B7YuN8vO-y48";

static int check_at(struct jwt *t, const char *token, int64_t now)
{
	return jwt_check(t, token, strlen(token), KEY, now);
}

START_TEST(a_jwt_of_another_program_is_read)
{
	struct jwt t;

	ck_assert_int_eq(check_at(&t, known, 1500), 0);
	ck_assert_str_eq(t.sub.shown, "Ann");
	ck_assert_str_eq(t.sub.key, "ann");
	ck_assert_int_eq(t.exp, 2000);
	ck_assert(jwt_allows_room(&t, "lobby"));
	ck_assert(jwt_allows_room(&t, "caf\xc3\xa9"));
	ck_assert(!jwt_allows_room(&t, "other"));
	jwt_fini(&t);
}
END_TEST

START_TEST(it_holds_from_nbf_to_exp)
{
	struct jwt t;

	ck_assert_int_eq(check_at(&t, known, 939), -EACCES);
	ck_assert_int_eq(check_at(&t, known, 940), 0);
	jwt_fini(&t);
	ck_assert_int_eq(check_at(&t, known, 2059), 0);
	jwt_fini(&t);
	ck_assert_int_eq(check_at(&t, known, 2060), -EACCES);
}
END_TEST

START_TEST(every_byte_of_a_jwt_counts)
{
	char token[sizeof(known)];
	struct jwt t;

	for (size_t i = 0; i < sizeof(known) - 1; i++) {
		memcpy(token, known, sizeof(known));
		token[i] = token[i] == 'x' ? 'y' : 'x';
		ck_assert_int_eq(check_at(&t, token, 1500), -EACCES);
		ck_assert_int_eq(jwt_check(&t, known, i, KEY, 1500), -EACCES);
	}
}
END_TEST

START_TEST(another_key_is_refused)
{
	static const char other[] = "A secret of at least thirty-two bytes";
	struct jwt t;

	ck_assert_int_eq(jwt_check(&t, known, sizeof(known) - 1, other,
				   sizeof(other) - 1, 1500),
			 -EACCES);
}
END_TEST

/* Signs header and claims as they are, ' for ". */
static void sign(char token[2048], const char *header, const char *claims)
{
	const char *parts[] = {header, claims};
	uint8_t mac[32];
	char text[512];
	crypto_auth_hmacsha256_state state;

	token[0] = '\0';
	for (int i = 0; i < 2; i++) {
		size_t len = strlen(parts[i]), at = strlen(token);

		memcpy(text, parts[i], len + 1);
		for (char *p = text; (p = strchr(p, '\''));)
			*p = '"';
		(void)sodium_bin2base64(
			token + at, 2048 - at, (const uint8_t *)text, len,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		if (i == 0)
			strcat(token, ".");
	}
	crypto_auth_hmacsha256_init(&state, (const uint8_t *)key,
				    sizeof(key) - 1);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)token,
				      strlen(token));
	crypto_auth_hmacsha256_final(&state, mac);
	strcat(token, ".");
	(void)sodium_bin2base64(token + strlen(token), 64, mac, sizeof(mac),
				sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

#define HS256  "{'alg':'HS256'}"
#define CLAIMS "{'sub':'ann','exp':2000}"

static const struct {
	const char *header, *claims;
	int result;
} signed_tokens[] = {
	{HS256, CLAIMS, 0},
	{"{'alg':'HS256','typ':'JWT','kid':'1'}", CLAIMS, 0},
	{"{'alg':'none'}", CLAIMS, -EACCES},
	{"{'alg':'hs256'}", CLAIMS, -EACCES},
	{"{'alg':'HS512'}", CLAIMS, -EACCES},
	{"{'alg':'RS256'}", CLAIMS, -EACCES},
	{"{'alg':['HS256']}", CLAIMS, -EACCES},
	{"{}", CLAIMS, -EACCES},
	{"{'alg':'HS256','alg':'none'}", CLAIMS, -EACCES},
	{"{'alg':'HS256','crit':['exp']}", CLAIMS, -EACCES},
	{"'HS256'", CLAIMS, -EACCES},
	{HS256, "{'sub':'ann'}", -EACCES}, /* exp is required */
	{HS256, "{'sub':'ann','exp':'2000'}", -EACCES},
	{HS256, "{'sub':'ann','exp':null}", -EACCES},
	{HS256, "{'sub':'ann','exp':-5}", -EACCES},
	{HS256, "{'sub':'ann','exp':1e300}", -EACCES},
	{HS256, "{'sub':'ann','exp':2000,'nbf':'0'}", -EACCES},
	{HS256, "{'sub':'ann','exp':2000,'nbf':1561}", -EACCES},
	{HS256, "{'exp':2000}", -EACCES},
	{HS256, "{'sub':7,'exp':2000}", -EACCES},
	{HS256, "{'sub':'a b','exp':2000}", -EACCES}, /* rule 11 */
	{HS256, "{'sub':'','exp':2000}", -EACCES},
	{HS256, "{'sub':'ann','exp':2000,'rooms':'lobby'}", -EACCES},
	{HS256, "{'sub':'ann','exp':2000,'rooms':[1]}", -EACCES},
	{HS256, "{'sub':'ann','exp':2000,'rooms':[]}", 0},
	{HS256, "[]", -EACCES},
};

START_TEST(only_hs256_is_taken)
{
	char token[2048];
	struct jwt t;

	sign(token, signed_tokens[_i].header, signed_tokens[_i].claims);
	ck_assert_int_eq(check_at(&t, token, 1500), signed_tokens[_i].result);
	if (signed_tokens[_i].result == 0)
		jwt_fini(&t);
}
END_TEST

START_TEST(rooms_are_all_or_those_named)
{
	char token[2048];
	struct jwt t;

	sign(token, HS256, CLAIMS);
	ck_assert_int_eq(check_at(&t, token, 1500), 0);
	ck_assert(jwt_allows_room(&t, "any"));
	jwt_fini(&t);
	sign(token, HS256, "{'sub':'ann','exp':2000,'rooms':[]}");
	ck_assert_int_eq(check_at(&t, token, 1500), 0);
	ck_assert(!jwt_allows_room(&t, "any"));
	jwt_fini(&t);
}
END_TEST

static const char *const shapes[] = {"", ".", "..", "...", "a.b", "a.b.c.d"};

START_TEST(what_has_not_three_parts_is_none)
{
	struct jwt t;

	ck_assert_int_eq(check_at(&t, shapes[_i], 1500), -EACCES);
}
END_TEST

START_TEST(a_huge_one_is_refused_unread)
{
	char *token = malloc(JWT_BYTES + 2);
	struct jwt t;

	ck_assert_ptr_nonnull(token);
	memset(token, '.', JWT_BYTES + 1);
	token[JWT_BYTES + 1] = '\0';
	ck_assert_int_eq(check_at(&t, token, 1500), -EACCES);
	free(token);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

static void start(void)
{
	ck_assert_int_eq(secret_start(), 0);
}

int main(void)
{
	Suite *s = suite_create("secret");
	TCase *t = tcase_create("secret");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, start, NULL);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, a_password_is_its_own_and_no_others);
	tcase_add_test(t, all_bytes_of_a_password_count);
	tcase_add_test(t, tokens_differ_and_have_one_digest);
	tcase_add_test(t, a_token_has_one_spelling);
	tcase_add_test(t, a_jwt_of_another_program_is_read);
	tcase_add_test(t, it_holds_from_nbf_to_exp);
	tcase_add_test(t, every_byte_of_a_jwt_counts);
	tcase_add_test(t, another_key_is_refused);
	tcase_add_loop_test(t, only_hs256_is_taken, 0, COUNT(signed_tokens));
	tcase_add_test(t, rooms_are_all_or_those_named);
	tcase_add_loop_test(t, what_has_not_three_parts_is_none, 0,
			    COUNT(shapes));
	tcase_add_test(t, a_huge_one_is_refused_unread);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
