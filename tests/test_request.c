/* SPDX-License-Identifier: MIT */
/*
 * Requests of the JSON dialect: every type with all and with only its required
 * fields, each field absent, of a wrong kind, out of bounds; what the answer's
 * id is; unknown fields.
 *
 * Planted, and caught by: a required field that isn't
 * (each_required_field_is_required), bounds off by one
 * (bounds_are_where_the_protocol_has_them), an id kept where it is bad
 * (an_error_has_the_id_or_none), a login by two ways at once
 * (a_login_is_by_one_way).
 */
#include "request.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct request_limits limits = {.text = 10, .page = 100};
static int64_t id;

/* Reads text, with ' for "; NULL where it was refused, with *why. */
static struct request *parse(const char *text, const struct refusal **why)
{
	char *copy = strdup(text);
	struct request *r;

	ck_assert_ptr_nonnull(copy);
	for (char *p = copy; (p = strchr(p, '\''));)
		*p = '"';
	*why = request_parse(&r, copy, strlen(copy), &limits, &id);
	free(copy);
	ck_assert((r == NULL) == (*why != NULL));
	return r;
}

static struct request *taken(const char *text)
{
	const struct refusal *why;
	struct request *r = parse(text, &why);

	ck_assert_msg(r != NULL, "%s: %s", text, why ? why->reason : "");
	return r;
}

static void refused(const char *text, const struct refusal *why)
{
	const struct refusal *said;
	struct request *r = parse(text, &said);

	request_release(r);
	ck_assert_msg(said == why, "%s: %s, not %s", text,
		      said ? said->reason : "taken", why->reason);
}

/* One of each, with all of its fields. */
static const char *const all[REQUEST_TYPES] = {
	[REQUEST_REGISTER] = "{'type':'register','id':1,'user':'ann',"
			     "'password':'secret'}",
	[REQUEST_LOGIN] = "{'type':'login','id':1,'user':'ann',"
			  "'password':'secret'}",
	[REQUEST_RESUME] = "{'type':'resume','id':1,'token':'t'}",
	[REQUEST_PASSWORD] = "{'type':'password','id':1,'old':'a','new':'b'}",
	[REQUEST_LOGOUT] = "{'type':'logout','id':1}",
	[REQUEST_JOIN] = "{'type':'join','id':1,'room':'lobby','history':5,"
			 "'epoch':'9f','seq':3}",
	[REQUEST_LEAVE] = "{'type':'leave','id':1,'room':'lobby'}",
	[REQUEST_PUBLISH] = "{'type':'publish','id':1,'room':'lobby',"
			    "'text':'hi','nonce':'k'}",
	[REQUEST_EDIT] = "{'type':'edit','id':1,'room':'lobby','target':7,"
			 "'text':'hi','nonce':'k'}",
	[REQUEST_DELETE] = "{'type':'delete','id':1,'room':'lobby','target':7,"
			   "'nonce':'k'}",
	[REQUEST_HISTORY] = "{'type':'history','id':1,'room':'lobby',"
			    "'before':9,'limit':5}",
	[REQUEST_PRESENCE] = "{'type':'presence','id':1,'room':'lobby'}",
	[REQUEST_ROOMS] = "{'type':'rooms','id':1,'after':'lobby'}",
	[REQUEST_TYPING] = "{'type':'typing','room':'lobby'}",
	[REQUEST_READ] = "{'type':'read','room':'lobby','seq':4}",
	[REQUEST_MODERATE] = "{'type':'moderate','id':1,'room':'lobby',"
			     "'op':'ban','user':'bob','seconds':60,"
			     "'reason':'spam'}",
	[REQUEST_PING] = "{'type':'ping','id':1}",
};

START_TEST(each_type_is_taken_with_all_of_its_fields)
{
	struct request *r = taken(all[_i]);

	ck_assert_int_eq(r->type, _i);
	ck_assert_int_eq(r->id, strstr(all[_i], "'id'") ? 1 : 0);
	request_release(r);
}
END_TEST

START_TEST(fields_are_where_they_belong)
{
	struct request *r = taken(all[REQUEST_JOIN]);

	ck_assert_str_eq(r->room.shown, "lobby");
	ck_assert_int_eq(r->history, 5);
	ck_assert_str_eq(r->epoch.bytes, "9f");
	ck_assert_int_eq(r->seq, 3);
	request_release(r);
	r = taken(all[REQUEST_PASSWORD]);
	ck_assert_str_eq(r->password.bytes, "a");
	ck_assert_str_eq(r->new.bytes, "b");
	request_release(r);
	r = taken(all[REQUEST_MODERATE]);
	ck_assert_int_eq(r->op, OP_BAN);
	ck_assert_str_eq(r->user.key, "bob");
	ck_assert_int_eq(r->seconds, 60);
	ck_assert_str_eq(r->reason.bytes, "spam");
	request_release(r);
	r = taken(all[REQUEST_EDIT]);
	ck_assert_int_eq(r->target, 7);
	ck_assert_uint_eq(r->text.len, 2);
	ck_assert_str_eq(r->nonce.bytes, "k");
	ck_assert_int_eq(r->before, REQUEST_ABSENT);
	request_release(r);
}
END_TEST

/* What may be left out. */
static const char *const fewest[] = {
	"{'type':'join','id':1,'room':'lobby'}",
	"{'type':'join','id':1,'room':'lobby','epoch':'x'}",
	"{'type':'publish','id':1,'room':'lobby','text':'hi'}",
	"{'type':'edit','id':1,'room':'lobby','target':7,'text':'hi'}",
	"{'type':'delete','id':1,'room':'lobby','target':7}",
	"{'type':'history','id':1,'room':'lobby','before':9}",
	"{'type':'rooms','id':1}",
	"{'type':'moderate','id':1,'op':'kick','user':'bob'}",
	/* Fields nobody knows are passed over, nested ones too. */
	"{'type':'ping','id':1,'x':{'y':[1]},'Id':'?','ID':2}",
	"{'type':'typing','room':'lobby','text':5}",
};

START_TEST(what_is_optional_may_be_left_out)
{
	request_release(taken(fewest[_i]));
}
END_TEST

static const char *const too_few[] = {
	"{'id':1}",
	"{'type':'ping'}",
	"{'type':'register','id':1,'user':'ann'}",
	"{'type':'register','id':1,'password':'secret'}",
	"{'type':'resume','id':1}",
	"{'type':'password','id':1,'old':'a'}",
	"{'type':'password','id':1,'new':'a'}",
	"{'type':'join','id':1}",
	"{'type':'join','id':1,'room':'lobby','seq':3}", /* and epoch */
	"{'type':'leave','id':1}",
	"{'type':'publish','id':1,'text':'hi'}",
	"{'type':'publish','id':1,'room':'lobby'}",
	"{'type':'edit','id':1,'room':'lobby','text':'hi'}",
	"{'type':'edit','id':1,'room':'lobby','target':7}",
	"{'type':'delete','id':1,'room':'lobby'}",
	"{'type':'history','id':1,'room':'lobby'}",
	"{'type':'presence','id':1}",
	"{'type':'typing'}",
	"{'type':'read','room':'lobby'}",
	"{'type':'moderate','id':1,'user':'bob'}",
	"{'type':'moderate','id':1,'op':'ban'}",
};

START_TEST(each_required_field_is_required)
{
	refused(too_few[_i], &refused_bad_request);
}
END_TEST

/* Each field of each request, in turn, of another kind. */
START_TEST(a_wrong_kind_is_refused_in_each_field)
{
	static const char *const kinds[] = {"null", "true", "{}",
					    "[]",   "1.5",  NULL};
	const char *at = all[_i];

	while ((at = strchr(at, ','))) {
		const char *value = strchr(++at, ':') + 1;
		const char *end = value + strcspn(value, ",}");

		for (size_t k = 0; kinds[k]; k++) {
			const struct refusal *why;
			char text[256];

			(void)snprintf(text, sizeof(text), "%.*s%s%s",
				       (int)(value - all[_i]), all[_i],
				       kinds[k], end);
			request_release(parse(text, &why));
			ck_assert_msg(why == &refused_bad_request, "%s", text);
		}
	}
}
END_TEST

static const struct {
	const char *text;
	const struct refusal *why; /* NULL: taken */
} bounds[] = {
	{"{'type':'ping','id':0}", &refused_bad_request},
	{"{'type':'ping','id':9007199254740991}", NULL},
	{"{'type':'ping','id':9007199254740992}", &refused_bad_request},
	{"{'type':'ping','id':-1}", &refused_bad_request},
	{"{'type':'pong','id':1}", &refused_unknown_type},
	{"{'type':'Ping','id':1}", &refused_unknown_type},
	{"{'type':'','id':1}", &refused_unknown_type},
	{"{'type':'history','id':1,'room':'r','before':0}",
	 &refused_bad_request},
	{"{'type':'history','id':1,'room':'r','before':1}", NULL},
	{"{'type':'history','id':1,'room':'r','before':1,'limit':0}",
	 &refused_bad_request},
	{"{'type':'join','id':1,'room':'r','history':0}", NULL},
	{"{'type':'join','id':1,'room':'r','history':-1}",
	 &refused_bad_request},
	{"{'type':'join','id':1,'room':'r','epoch':'e','seq':0}", NULL},
	{"{'type':'join','id':1,'room':'r','epoch':'e','seq':-1}",
	 &refused_bad_request},
	{"{'type':'edit','id':1,'room':'r','target':0,'text':'x'}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'r','text':'1234567890'}", NULL},
	{"{'type':'publish','id':1,'room':'r','text':'12345678901'}",
	 &refused_too_long},
	{"{'type':'publish','id':1,'room':'r','text':''}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'r','text':' \\n\\t '}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'r','text':'x','nonce':''}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'r','text':'x',"
	 "'nonce':'12345678901234567890123456789012'}",
	 NULL},
	{"{'type':'publish','id':1,'room':'r','text':'x',"
	 "'nonce':'123456789012345678901234567890123'}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'r','text':'x','nonce':'a\\nb'}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'r','text':'x','nonce':'\\u00e9'}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'','text':'x'}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'@','text':'x'}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'@@a','text':'x'}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'~a','text':'x'}",
	 &refused_bad_request},
	{"{'type':'publish','id':1,'room':'a b','text':'x'}",
	 &refused_bad_request},
	{"{'type':'moderate','id':1,'op':'Ban','user':'a'}",
	 &refused_bad_request},
	{"{'type':'moderate','id':1,'op':'ban','user':'a','seconds':-1}",
	 &refused_bad_request},
	{"{'type':'register','id':1,'user':'~a','password':'x'}",
	 &refused_bad_request},
	{"[]", &refused_bad_request},
	{"hi", &refused_bad_request},
	{"{'type':'ping','id':1,'id':1}", &refused_bad_request},
};

START_TEST(bounds_are_where_the_protocol_has_them)
{
	if (bounds[_i].why)
		refused(bounds[_i].text, bounds[_i].why);
	else
		request_release(taken(bounds[_i].text));
}
END_TEST

START_TEST(what_is_too_much_history_is_lowered)
{
	struct request *r =
		taken("{'type':'history','id':1,'room':'r','before':5,"
		      "'limit':101}");

	ck_assert_int_eq(r->limit, 100);
	request_release(r);
	r = taken("{'type':'join','id':1,'room':'r','history':9999999}");
	ck_assert_int_eq(r->history, 100);
	request_release(r);
}
END_TEST

static const struct {
	const char *text;
	int64_t id;
} ids[] = {
	{"{'type':'pong','id':7}", 7},
	{"{'type':'join','id':7}", 7},
	{"{'id':7}", 7},
	{"{'type':'pong'}", 0},
	{"{'type':'ping','id':0}", 0},
	{"{'type':'ping','id':'7'}", 0},
	{"{'type':'ping','id':7.5}", 0},
	{"{'type':'typing','id':7}", 0},
	{"{'type':'read','room':'r','seq':-1,'id':7}", 0},
	{"{'id':7", 0},
};

START_TEST(an_error_has_the_id_or_none)
{
	const struct refusal *why;

	id = 99;
	ck_assert_ptr_null(parse(ids[_i].text, &why));
	ck_assert_int_eq(id, ids[_i].id);
}
END_TEST

static const char *const not_one_way[] = {
	"{'type':'login','id':1}",
	"{'type':'login','id':1,'user':'a'}",
	"{'type':'login','id':1,'password':'a'}",
	"{'type':'login','id':1,'user':'a','password':'b','guest':'c'}",
	"{'type':'login','id':1,'user':'a','guest':'c'}",
	"{'type':'login','id':1,'guest':'a','jwt':'b'}",
	"{'type':'login','id':1,'user':'a','password':'b','jwt':'c'}",
};

START_TEST(a_login_is_by_one_way)
{
	struct request *r;

	refused(not_one_way[_i], &refused_bad_request);
	r = taken("{'type':'login','id':1,'guest':'Ann'}");
	ck_assert_str_eq(r->guest.shown, "Ann");
	ck_assert_str_eq(r->guest.key, "ann");
	ck_assert(!r->guest.guest);
	request_release(r);
	request_release(taken("{'type':'login','id':1,'jwt':'a.b.c'}"));
}
END_TEST

START_TEST(guests_and_direct_rooms_are_told_apart)
{
	struct request *r = taken("{'type':'publish','id':1,'room':'@Bob',"
				  "'text':'x'}");

	ck_assert(r->room.direct && !r->room.guest);
	ck_assert_str_eq(r->room.shown, "Bob");
	ck_assert_str_eq(r->room.key, "bob");
	request_release(r);
	r = taken("{'type':'moderate','id':1,'op':'mute','user':'~Bob-2'}");
	ck_assert(r->user.guest);
	ck_assert_str_eq(r->user.shown, "~Bob-2");
	ck_assert_str_eq(r->user.key, "~bob-2");
	request_release(r);
	r = taken("{'type':'publish','id':1,'room':'@~Bob','text':'x'}");
	ck_assert(r->room.direct && r->room.guest);
	request_release(r);
}
END_TEST

START_TEST(the_last_reference_frees)
{
	struct request *r = taken(all[REQUEST_PUBLISH]);

	request_retain(r);
	request_release(r);
	ck_assert_str_eq(r->text.bytes, "hi");
	request_release(r);
	request_release(NULL);
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

int main(void)
{
	Suite *s = suite_create("request");
	TCase *t = tcase_create("request");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, each_type_is_taken_with_all_of_its_fields, 0,
			    REQUEST_TYPES);
	tcase_add_test(t, fields_are_where_they_belong);
	tcase_add_loop_test(t, what_is_optional_may_be_left_out, 0,
			    COUNT(fewest));
	tcase_add_loop_test(t, each_required_field_is_required, 0,
			    COUNT(too_few));
	tcase_add_loop_test(t, a_wrong_kind_is_refused_in_each_field, 0,
			    REQUEST_TYPES);
	tcase_add_loop_test(t, bounds_are_where_the_protocol_has_them, 0,
			    COUNT(bounds));
	tcase_add_test(t, what_is_too_much_history_is_lowered);
	tcase_add_loop_test(t, an_error_has_the_id_or_none, 0, COUNT(ids));
	tcase_add_loop_test(t, a_login_is_by_one_way, 0, COUNT(not_one_way));
	tcase_add_test(t, guests_and_direct_rooms_are_told_apart);
	tcase_add_test(t, the_last_reference_frees);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
