#include "support.h"
#include "bearer/forward.h"

static void names_that_are_one(void **state)
{
    static const struct { const char *a, *b; bool same; } rows[] = {
        { "X-User", "x-user", true },   { "X-User", "X_User", true },  { "X-User", "x.US", false },
        { "X-User", "x.uSER", true },   { "X-User", "XUser", false },
        { "X-User", "X~User", true },   { "X-User", "X-User ", false },
        { "X-User", "X-Usera", false }, { "X-User", "Y-User", false }, { "", "", true },
        { "X-1", "X-2", false },        { "X-User", "X\xe4User", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        row_expect(bearer_forward_same(tight_text(rows[i].a), tight_text(rows[i].b)) == rows[i].same
                   && bearer_forward_same(tight_text(rows[i].b), tight_text(rows[i].a))
                          == rows[i].same,
                   "'%s' and '%s'", rows[i].a, rows[i].b);
    rows_end();
}

static void names_that_are_refused(void **state)
{
    static const struct { const char *name; bool fine; } rows[] = {
        { "X-User", true },      { "Remote-User", true },   { "X-Forwarded-User", true },
        { "From", true },        { "Tenant2", true },       { "Hostess", true },
        { "Iffy", true },        { "Proxied-User", true },  { "Telephone", true },
        { "", false },           { "X_User", false },       { "X.User", false },
        { "2-User", false },     { "-User", false },        { "X User", false },
        { "X-User:", false },    { "X-\xc3\xa9", false },   { "Host", false },
        { "hOST", false },       { "Connection", false },   { "Content-Length", false },
        { "Content-Type", false }, { "Content-Anything", false }, { "Transfer-Encoding", false },
        { "TE", false },         { "Trailer", false },      { "Upgrade", false },
        { "Keep-Alive", false }, { "Proxy", false },        { "Proxy-Authorization", false },
        { "Proxy-Connection", false }, { "Authorization", false }, { "Cookie", false },
        { "Cookie2", false },    { "Set-Cookie", false },   { "Expect", false },
        { "Range", false },      { "If", false },           { "If-Match", false },
        { "Via", false },        { "Forwarded", false },    { "X-Forwarded-For", false },
        { "X-Forwarded-Host", false }, { "X-HTTP-Method-Override", false }, { "DPoP", false },
        { "Sec-WebSocket-Key", false }, { "Accept", false }, { "Accept-Encoding", false },
        { "Destination", false }, { "Max-Forwards", false }, { "HTTP2-Settings", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error = bearer_forward_refuse(test_pool, rows[i].name);

        row_expect((error == NULL) == rows[i].fine, "'%s': %s", rows[i].name,
                   error != NULL ? error : "taken");
        row_expect(error == NULL || strstr(error, rows[i].name) != NULL, "%s", error);
    }
    rows_end();
}

static void joining(void **state)
{
    static const char *const one[] = { "A", "B", NULL }, *const two[] = { "B", "C", NULL };
    const char *const *all = bearer_forward_join(test_pool, one, two);

    (void)state;
    assert_ptr_equal(bearer_forward_join(test_pool, one, NULL), one);
    assert_ptr_equal(bearer_forward_join(test_pool, NULL, two), two);
    assert_ptr_equal(bearer_forward_join(test_pool, one, one), one);
    assert_null(bearer_forward_join(test_pool, NULL, NULL));
    assert_string_equal(all[0], "A");
    assert_string_equal(all[1], "B");
    assert_string_equal(all[2], "C");
    assert_null(all[3]);
    assert_true(bearer_forward_among(all, SPAN("c")));
    assert_false(bearer_forward_among(all, SPAN("d")));
    assert_false(bearer_forward_among(NULL, SPAN("a")));
}

static void connection(void **state)
{
    static const char *const names[] = { "X-User", "X-Groups", NULL };
    static const struct { const char *value, *left; } rows[] = {
        { "close", "close" },           { "", "" },             { "X-User", NULL },
        { "x_user", NULL },             { "close, X-User", "close" },
        { "X-User, close", "close" },   { "X-User;close", "close" },
        { "X-User close", "close" },    { " ,; X-User\t,", NULL },
        { "X-User,X-User,x-groups", NULL }, { "a,b;c d,X-User", "a, b, c, d" },
        { "X-User2, X-Use", "X-User2, X-Use" }, { "\"X-User\"", "\"X-User\"" },
        { "\" X-User \"", "\", \"" },   { "a,X-User,b", "a, b" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *left = bearer_forward_connection(test_pool, rows[i].value, names);

        row_expect(left == rows[i].left || (left != NULL && rows[i].left != NULL
                                            && strcmp(left, rows[i].left) == 0),
                   "'%s' leaves '%s'", rows[i].value, left != NULL ? left : "nothing");
    }
    rows_end();
}

static void texts(void **state)
{
    static const struct { const char *json, *text; } rows[] = {
        { "\"alice\"", "alice" },       { "\"\"", "" },             { "\" a b \"", "%20a b%20" },
        { "\" \"", "%20" },             { "\"a%,b\"", "a%25%2Cb" }, { "\"\\r\\n\"", "%0D%0A" },
        { "\"\\u20ac\"", "%E2%82%AC" }, { "\"\\u007f~\"", "%7F~" }, { "true", "true" },
        { "false", "false" },           { "null", NULL },           { "0", "0" },
        { "-12.5", "-12.5" },           { "9223372036854775807", "9223372036854775807" },
        { "[]", NULL },                 { "[\"\"]", "" },           { "[\"a\",\"b,\"]", "a,b%2C" },
        { "[1,null,true]", "1,null,true" }, { "[[\"a\",\"b\"]]", "[\"a\"%2C\"b\"]" },
        { "[{\"a\":1,\"b\":2}]", "{\"a\":1%2C\"b\":2}" }, { "{}", "{}" },
        { "{\"a\":\"%,\",\"b\":\"\\u00e9\"}", "{\"a\":\"%25,\",\"b\":\"%C3%A9\"}" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *object = apr_psprintf(test_pool, "{\"x\":%s}", rows[i].json), *text;

        if (!row_expect(bearer_forward_text(test_pool, bearer_json_member(json_of(object), "x"),
                                            &text), "%s", rows[i].json))
            continue;
        row_expect(text == rows[i].text
                   || (text != NULL && rows[i].text != NULL && strcmp(text, rows[i].text) == 0),
                   "%s gives %s", rows[i].json, text != NULL ? text : "nothing");
    }
    rows_end();
}

static void no_value_is_no_text(void **state)
{
    const char *text = "x";

    (void)state;
    assert_true(bearer_forward_text(test_pool, NULL, &text));
    assert_null(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(names_that_are_one), TEST(names_that_are_refused), TEST(joining), TEST(connection),
        TEST(texts), TEST(no_value_is_no_text),
    };

    return tests_run(tests);
}
