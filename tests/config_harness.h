/* SPDX-License-Identifier: MIT */
/*
 * A chatd that only reads its configuration, for test_config*.c: everything
 * goes through config_load(), as main calls it, and is judged by what it
 * returns, sets and says.
 */
#ifndef CONFIG_HARNESS_H
#define CONFIG_HARNESS_H

#include "config_internal.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS   INT64_C(1000000)
#define COUNT_OF(a) (int)(sizeof(a) / sizeof(*(a)))

static struct config config;
static char said[16384], complained[16384]; /* on out, on err */
static const char path[] = "chatd.conf";    /* in a directory of its own */
static char *environment[16];

/* Gives chatd a variable of its environment. */
static inline void given(const char *variable)
{
	static char variables[15][64];
	size_t n = 0;

	while (environment[n])
		n++;
	ck_assert_uint_lt(n, 15);
	ck_assert_uint_lt(strlen(variable), sizeof(variables[n]));
	memcpy(variables[n], variable, strlen(variable) + 1);
	environment[n] = variables[n];
}

static inline void in_own_directory(void)
{
	char directory[] = "/tmp/chatd-config-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(directory));
	ck_assert_int_eq(chdir(directory), 0);
	memset(environment, 0, sizeof(environment));
}

static inline void remove_directory(void)
{
	char directory[256];

	config_fini(&config);
	(void)unlink(path);
	ck_assert_ptr_nonnull(getcwd(directory, sizeof(directory)));
	ck_assert_int_eq(rmdir(directory), 0);
}

/* Runs "chatd args..."; the arguments are words with spaces between them. */
static inline int chatd(const char *args)
{
	static const char blanks[] = " ";
	char copy[600], *argv[32], *rest;
	FILE *out = fmemopen(said, sizeof(said), "w");
	FILE *err = fmemopen(complained, sizeof(complained), "w");
	int argc = 0, status;

	ck_assert(out && err);
	/* Where nothing is written they end no string either. */
	*said = *complained = '\0';
	(void)snprintf(copy, sizeof(copy), "chatd %s", args);
	for (char *word = strtok_r(copy, blanks, &rest); word;
	     word = strtok_r(NULL, blanks, &rest))
		argv[argc++] = word;
	argv[argc] = NULL;
	config_fini(&config);
	status = config_load(&config, argc, argv, environment, out, err);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(fclose(err), 0);
	return status;
}

static inline void write_bytes(const char *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static inline int chatd_with(const char *text)
{
	write_bytes(text, strlen(text));
	return chatd("-c chatd.conf");
}

/* The file is wrong, and this is all that is said about it. */
static inline void refused(const char *text, const char *complaint)
{
	ck_assert_int_eq(chatd_with(text), 78);
	ck_assert_str_eq(complained, complaint);
}

static inline void taken(const char *text)
{
	int status = chatd_with(text);

	ck_assert_str_eq(complained, "");
	ck_assert_int_eq(status, CONFIG_RUN);
}

static inline int run_all(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
