/* SPDX-License-Identifier: MIT */
/*
 * The only file that includes cJSON, and keeps it from its traps: it recurses
 * a thousand levels deep, where a reader's stack holds far fewer; takes raw
 * control characters, numbers like 01 and text behind the end; ends a string
 * at \u0000; finds keys in any case, and the first of two.  So the text is
 * walked once before, without recursion, by json_check(): what passes is JSON
 * to the letter of RFC 8259, and no more than the protocol allows.
 */
#include "json.h"

#include "check.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- The object ---- */

static int compare_keys(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string,
		      (*(const cJSON *const *)b)->string);
}

/* -EINVAL: a key stands twice in this object. */
static int check_keys(const cJSON *object)
{
	size_t n = (size_t)cJSON_GetArraySize(object), i = 0;
	const cJSON **sorted, *child;
	int err = 0;

	if (n < 2)
		return 0;
	sorted = malloc(n * sizeof(cJSON *));
	if (!sorted)
		return -ENOMEM;
	cJSON_ArrayForEach(child, object) sorted[i++] = child;
	qsort(sorted, n, sizeof(cJSON *), compare_keys);
	for (i = 1; i < n && !err; i++)
		if (strcmp(sorted[i - 1]->string, sorted[i]->string) == 0)
			err = -EINVAL;
	free(sorted);
	return err;
}

/* All objects in it; the depth was bounded by json_check(). */
static int check_all_keys(const cJSON *node) /* NOLINT(misc-no-recursion) */
{
	int err = cJSON_IsObject(node) ? check_keys(node) : 0;
	const cJSON *child;

	cJSON_ArrayForEach(child, node)
	{
		if (err)
			break;
		err = check_all_keys(child);
	}
	return err;
}

static cJSON *cjson(const struct json_object *o)
{
	return (cJSON *)(uintptr_t)o;
}

int json_parse(struct json_object **o, const char *text, size_t len)
{
	cJSON *root;
	int err;

	*o = NULL;
	if (!json_check(text, len))
		return -EINVAL;
	/* It is JSON: cJSON can only lack memory. */
	root = cJSON_ParseWithLength(text, len);
	if (!root)
		return -ENOMEM;
	err = check_all_keys(root);
	if (err)
		cJSON_Delete(root);
	else
		*o = (struct json_object *)root;
	return err;
}

void json_destroy(struct json_object *o)
{
	cJSON_Delete(cjson(o));
}

enum json_field json_string(const struct json_object *o, const char *key,
			    const char **s, size_t *len)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(cjson(o), key);

	if (!item)
		return JSON_ABSENT;
	if (!cJSON_IsString(item))
		return JSON_WRONG;
	*s = item->valuestring;
	*len = strlen(item->valuestring);
	return JSON_GOOD;
}

enum json_field json_integer(const struct json_object *o, const char *key,
			     int64_t min, int64_t max, int64_t *n)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(cjson(o), key);
	double d;

	CHECK(min >= -JSON_INTEGER_MAX && max <= JSON_INTEGER_MAX);
	if (!item)
		return JSON_ABSENT;
	if (!cJSON_IsNumber(item))
		return JSON_WRONG;
	d = item->valuedouble;
	if (!(d >= (double)min && d <= (double)max) || d != (double)(int64_t)d)
		return JSON_WRONG;
	*n = (int64_t)d;
	return JSON_GOOD;
}

enum json_field json_strings(const struct json_object *o, const char *key,
			     size_t *n)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(cjson(o), key);
	const cJSON *child;

	*n = 0;
	if (!item)
		return JSON_ABSENT;
	if (!cJSON_IsArray(item))
		return JSON_WRONG;
	cJSON_ArrayForEach(child, item)
	{
		if (!cJSON_IsString(child))
			return JSON_WRONG;
		++*n;
	}
	return JSON_GOOD;
}

const char *json_element(const struct json_object *o, const char *key, size_t i)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(cjson(o), key);

	return cJSON_GetArrayItem(item, (int)i)->valuestring;
}
