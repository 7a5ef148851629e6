#include "support.h"

static const struct { bearer_span text; bool ok; } documents[] = {
    { SPAN_ROW("{}"), true },
    { SPAN_ROW(" \t\r\n{ } \n"), true },
    { SPAN_ROW("{\"a\":[],\"b\":{},\"c\":null,\"d\":true,\"e\":false,\"f\":\"x\",\"g\":-1.5e3}"),
      true },
    { SPAN_ROW("{\"\":1}"), true },
    { SPAN_ROW("{\"a\":1,\"A\":2}"), true },
    { SPAN_ROW("{\"a\":1,\"b\":{\"a\":2}}"), true },
    { SPAN_ROW("{\"a\":\"\x7f\"}"), true },
    { SPAN_ROW("{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\"}"), true },
    { SPAN_ROW("{\"a\":\"\\ud83d\\ude00\\u00e9\\n\\/\"}"), true },
    { SPAN_ROW("{\"a\":\"\\\\\",\"b\":\"]}[{\"}"), true },
    /* no object */
    { SPAN_ROW(""), false },           { SPAN_ROW("   "), false },      { SPAN_ROW("[]"), false },
    { SPAN_ROW("\"a\""), false },      { SPAN_ROW("1"), false },        { SPAN_ROW("null"), false },
    { SPAN_ROW("true"), false },       { SPAN_ROW("[{}]"), false },
    /* more or less than one */
    { SPAN_ROW("{}x"), false }, { SPAN_ROW("{}{}"), false }, { SPAN_ROW("{},"), false },
    { SPAN_ROW("{}]"), false }, { SPAN_ROW("{}\0"), false }, { SPAN_ROW("\0{}"), false },
    { SPAN_ROW("{"), false }, { SPAN_ROW("}"), false }, { SPAN_ROW("{\"a\":1"), false },
    { SPAN_ROW("{\"a\""), false }, { SPAN_ROW("{\"a\":"), false }, { SPAN_ROW("{\"a\":1]"), false },
    { SPAN_ROW("{\"a\":1,}"), false }, { SPAN_ROW("{,}"), false },
    { SPAN_ROW("{\"a\":[1,]}"), false },
    { SPAN_ROW("{\"a\":\"x}"), false }, { SPAN_ROW("{\"a\" 1}"), false },
    { SPAN_ROW("{\"a\":1 \"b\":2}"), false },
    { SPAN_ROW("{a:1}"), false }, { SPAN_ROW("{'a':1}"), false }, { SPAN_ROW("{1:1}"), false },
    { SPAN_ROW("{\"a\":tru}"), false }, { SPAN_ROW("{\"a\":True}"), false },
    { SPAN_ROW("{\"a\":nul}"), false }, { SPAN_ROW("{/*c*/}"), false },
    { SPAN_ROW("{}//c"), false }, { SPAN_ROW("{\"a\":undefined}"), false },
    { SPAN_ROW("\xef\xbb\xbf{}"), false }, { SPAN_ROW("\xff\xfe{\0}\0"), false },
    { SPAN_ROW("\f{}"), false }, { SPAN_ROW("\v{}"), false }, { SPAN_ROW("\xc2\xa0{}"), false },
    /* duplicates, whatever they are spelt like */
    { SPAN_ROW("{\"a\":1,\"a\":1}"), false },
    { SPAN_ROW("{\"a\":1,\"b\":2,\"a\":3}"), false },
    { SPAN_ROW("{\"a\":1,\"\\u0061\":2}"), false },
    { SPAN_ROW("{\"\\u0061\\u006c\\u0067\":1,\"alg\":2}"), false },
    { SPAN_ROW("{\"/\":1,\"\\/\":2}"), false },
    { SPAN_ROW("{\"\xc3\xa9\":1,\"\\u00E9\":2}"), false },
    { SPAN_ROW("{\"\xf0\x9f\x98\x80\":1,\"\\uD83D\\uDE00\":2}"), false },
    { SPAN_ROW("{\"\":1,\"\":2}"), false },
    { SPAN_ROW("{\"x\":{\"a\":1,\"a\":2}}"), false },
    { SPAN_ROW("{\"x\":[{\"a\":1,\"a\":2}]}"), false },
    { SPAN_ROW("{\"x\":[[{\"y\":{\"a\":1,\"b\":0,\"a\":2}}]]}"), false },
    /* NUL and control characters */
    { SPAN_ROW("{\"a\":\"\\u0000\"}"), false },
    { SPAN_ROW("{\"a\":\"x\\u0000y\"}"), false },
    { SPAN_ROW("{\"a\\u0000\":1}"), false },
    { SPAN_ROW("{\"a\\u0000b\":1,\"a\":2}"), false },
    { SPAN_ROW("{\"a\":\"\0\"}"), false },
    { SPAN_ROW("{\"a\0\":1}"), false },
    { SPAN_ROW("{\"a\":\"\x01\"}"), false },
    { SPAN_ROW("{\"a\":\"\n\"}"), false },
    { SPAN_ROW("{\"a\":\"\t\"}"), false },
    { SPAN_ROW("{\"a\":\"\x1f\"}"), false },
    /* escapes and UTF-8 */
    { SPAN_ROW("{\"a\":\"\\x41\"}"), false },      { SPAN_ROW("{\"a\":\"\\u12\"}"), false },
    { SPAN_ROW("{\"a\":\"\\u00g0\"}"), false },    { SPAN_ROW("{\"a\":\"\\\"}"), false },
    { SPAN_ROW("{\"a\":\"\\U00000041\"}"), false }, { SPAN_ROW("{\"a\":\"\\'\"}"), false },
    { SPAN_ROW("{\"a\":\"\\ud800\"}"), false },    { SPAN_ROW("{\"a\":\"\\udc00\"}"), false },
    { SPAN_ROW("{\"a\":\"\\ud800\\u0041\"}"), false }, { SPAN_ROW("{\"a\":\"\\ud800x\"}"), false },
    { SPAN_ROW("{\"a\":\"\\ud800\\ud800\"}"), false },
    { SPAN_ROW("{\"a\":\"\\ude00\\ud83d\"}"), false },
    { SPAN_ROW("{\"\\ud800\":1}"), false },
    { SPAN_ROW("{\"a\":\"\xff\"}"), false },       { SPAN_ROW("{\"a\":\"\x80\"}"), false },
    { SPAN_ROW("{\"a\":\"\xc0\xaf\"}"), false },   { SPAN_ROW("{\"a\":\"\xe0\x80\xaf\"}"), false },
    { SPAN_ROW("{\"a\":\"\xc0\x80\"}"), false },
    { SPAN_ROW("{\"a\":\"\xf0\x80\x80\x80\"}"), false },
    { SPAN_ROW("{\"a\":\"\xed\xa0\x80\"}"), false },
    { SPAN_ROW("{\"a\":\"\xed\xbf\xbf\"}"), false },
    { SPAN_ROW("{\"a\":\"\xf4\x90\x80\x80\"}"), false },
    { SPAN_ROW("{\"a\":\"\xf8\x88\x80\x80\x80\"}"), false },
    { SPAN_ROW("{\"a\":\"\xc3\"}"), false },       { SPAN_ROW("{\"a\":\"\xe2\x82\"}"), false },
    { SPAN_ROW("{\"\xff\":1}"), false },           { SPAN_ROW("{\"a\":\"\xe9\"}"), false },
    /* numbers */
    { SPAN_ROW("{\"a\":9223372036854775807}"), true },
    { SPAN_ROW("{\"a\":-9223372036854775808}"), true },
    { SPAN_ROW("{\"a\":9223372036854775808}"), false },
    { SPAN_ROW("{\"a\":-9223372036854775809}"), false },
    { SPAN_ROW("{\"a\":18446744073709551616}"), false },
    { SPAN_ROW("{\"a\":100000000000000000000000000000000000000000}"), false },
    { SPAN_ROW("{\"a\":1e308}"), true },           { SPAN_ROW("{\"a\":1e400}"), false },
    { SPAN_ROW("{\"a\":-1e400}"), false },         { SPAN_ROW("{\"a\":1E+0}"), true },
    { SPAN_ROW("{\"a\":NaN}"), false },            { SPAN_ROW("{\"a\":Infinity}"), false },
    { SPAN_ROW("{\"a\":-Infinity}"), false },      { SPAN_ROW("{\"a\":nan}"), false },
    { SPAN_ROW("{\"a\":01}"), false },             { SPAN_ROW("{\"a\":-01}"), false },
    { SPAN_ROW("{\"a\":1.}"), false },             { SPAN_ROW("{\"a\":.5}"), false },
    { SPAN_ROW("{\"a\":+1}"), false },             { SPAN_ROW("{\"a\":1e}"), false },
    { SPAN_ROW("{\"a\":0x10}"), false },           { SPAN_ROW("{\"a\":1_000}"), false },
    { SPAN_ROW("{\"a\":1,5}"), false },            { SPAN_ROW("{\"a\":--1}"), false },
    { SPAN_ROW("{\"a\":-}"), false },              { SPAN_ROW("{\"a\":-0}"), true },
};

static void strictness(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(documents); i++) {
        const bearer_json *json = NULL;
        bearer_json_result result = bearer_json_read(test_pool, tight(documents[i].text), &json);

        row_expect(result == (documents[i].ok ? BEARER_JSON_OK : BEARER_JSON_BAD),
                   "row %zu: %.*s gives %d", i,
                   (int)documents[i].text.len, documents[i].text.ptr, (int)result);
        if (result == BEARER_JSON_OK)
            row_expect(bearer_json_kind_of(json) == BEARER_JSON_OBJECT, "row %zu is an object", i);
    }
    rows_end();
}

/* How a body looks of which no byte came. */
static void no_text(void **state)
{
    const bearer_json *json = NULL;

    (void)state;
    assert_int_equal(bearer_json_read(test_pool, (bearer_span){ NULL, 0 }, &json), BEARER_JSON_BAD);
}

/* {"a":[[...]]}: the object is the first level. */
static bearer_json_result read_deep(size_t levels, const char *open, const char *close, bool closed)
{
    const char *text = "{\"a\":";
    apr_array_header_t *pieces = apr_array_make(test_pool, 64, sizeof(const char *));
    const bearer_json *json;

    APR_ARRAY_PUSH(pieces, const char *) = text;
    for (size_t i = 1; i < levels; i++)
        APR_ARRAY_PUSH(pieces, const char *) = open;
    APR_ARRAY_PUSH(pieces, const char *) = "1";
    for (size_t i = 1; closed && i < levels; i++)
        APR_ARRAY_PUSH(pieces, const char *) = close;
    APR_ARRAY_PUSH(pieces, const char *) = closed ? "}" : "";
    return bearer_json_read(test_pool, tight_text(apr_array_pstrcat(test_pool, pieces, 0)), &json);
}

static void depth(void **state)
{
    const bearer_json *json;
    bearer_span brackets =
        SPAN("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[{{{{{{\"}");
    bearer_span wide =
        SPAN("{\"a\":[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
             "[],"
                            "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]}");

    (void)state;
    assert_int_equal(read_deep(32, "[", "]", true), BEARER_JSON_OK);
    assert_int_equal(read_deep(33, "[", "]", true), BEARER_JSON_BAD);
    assert_int_equal(read_deep(32, "{\"a\":", "}", true), BEARER_JSON_OK);
    assert_int_equal(read_deep(33, "{\"a\":", "}", true), BEARER_JSON_BAD);
    assert_int_equal(read_deep(34, "[{\"a\":", "}]", true), BEARER_JSON_BAD);
    assert_int_equal(read_deep(100000, "[", "]", true), BEARER_JSON_BAD);
    assert_int_equal(read_deep(100000, "{\"a\":", "}", false), BEARER_JSON_BAD);
    assert_int_equal(bearer_json_read(test_pool, tight(brackets), &json), BEARER_JSON_OK);
    assert_int_equal(bearer_json_read(test_pool, tight(wide), &json), BEARER_JSON_OK);
}

static void kinds_and_members(void **state)
{
    const bearer_json *json =
        json_of("{\"n\":null,\"f\":false,\"t\":true,\"i\":1,\"r\":1.5,\"s\":\"x\",\"a\":[7,8],\"o"
                "\":{}}");
    static const struct { const char *name; bearer_json_kind kind; } rows[] = {
        { "n", BEARER_JSON_NULL }, { "f", BEARER_JSON_FALSE }, { "t", BEARER_JSON_TRUE },
        { "i", BEARER_JSON_NUMBER }, { "r", BEARER_JSON_NUMBER }, { "s", BEARER_JSON_STRING },
        { "a", BEARER_JSON_ARRAY }, { "o", BEARER_JSON_OBJECT },
    };
    const bearer_json *array = bearer_json_member(json, "a");

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        row_expect(bearer_json_kind_of(bearer_json_member(json, rows[i].name)) == rows[i].kind,
                   "%s", rows[i].name);
    assert_null(bearer_json_member(json, "N"));
    assert_null(bearer_json_member(json, ""));
    assert_null(bearer_json_member(array, "a"));
    assert_int_equal(bearer_json_count(array), 2);
    assert_int_equal(bearer_json_count(json), 0);
    assert_int_equal(bearer_json_count(bearer_json_member(json, "s")), 0);
    assert_non_null(bearer_json_item(array, 1));
    assert_null(bearer_json_item(array, 2));
    assert_null(bearer_json_item(array, SIZE_MAX));
    assert_true(bearer_span_is(bearer_json_text(bearer_json_member(json, "s")), "x"));
    assert_int_equal(bearer_json_text(bearer_json_member(json, "i")).len, 0);
    assert_int_equal(bearer_json_text(array).len, 0);
    rows_end();
}

static const struct { const char *json; bearer_found found; int64_t seconds; } times[] = {
    { "{}", BEARER_ABSENT, 0 },                          { "{\"T\":1}", BEARER_ABSENT, 0 },
    { "{\"t\":0}", BEARER_PRESENT, 0 },
    { "{\"t\":1700000000}", BEARER_PRESENT, 1700000000 },
    { "{\"t\":1.9}", BEARER_PRESENT, 1 },
    { "{\"t\":1700000000.999}", BEARER_PRESENT, 1700000000 },
    { "{\"t\":1.7e9}", BEARER_PRESENT, 1700000000 },     { "{\"t\":0.5}", BEARER_PRESENT, 0 },
    { "{\"t\":253402300799}", BEARER_PRESENT, INT64_C(253402300799) },
    { "{\"t\":253402300800}", BEARER_WRONG, 0 },
    { "{\"t\":1700000000000}", BEARER_WRONG, 0 },
    { "{\"t\":9223372036854775807}", BEARER_WRONG, 0 },  { "{\"t\":9.3e18}", BEARER_WRONG, 0 },
    { "{\"t\":1e300}", BEARER_WRONG, 0 },                { "{\"t\":-1}", BEARER_WRONG, 0 },
    { "{\"t\":-0.5}", BEARER_WRONG, 0 },                 { "{\"t\":-1e300}", BEARER_WRONG, 0 },
    { "{\"t\":-9223372036854775808}", BEARER_WRONG, 0 },
    { "{\"t\":\"1700000000\"}", BEARER_WRONG, 0 },
    { "{\"t\":null}", BEARER_WRONG, 0 },                 { "{\"t\":true}", BEARER_WRONG, 0 },
    { "{\"t\":false}", BEARER_WRONG, 0 },
    { "{\"t\":[1700000000]}", BEARER_WRONG, 0 },
    { "{\"t\":{}}", BEARER_WRONG, 0 },                   { "{\"t\":\"\"}", BEARER_WRONG, 0 },
};

static void numeric_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t seconds = -77;
        bearer_found found = bearer_json_time(json_of(times[i].json), "t", &seconds);

        row_expect(found == times[i].found, "%s gives %d", times[i].json, (int)found);
        if (found == BEARER_PRESENT)
            row_expect(seconds == times[i].seconds, "%s is %lld", times[i].json,
                       (long long)seconds);
    }
    rows_end();
}

static const struct { const char *json; bearer_found string,
                      strings; const char *items; } texts[] = {
    { "{}", BEARER_ABSENT, BEARER_ABSENT, NULL },
    { "{\"s\":\"x\"}", BEARER_PRESENT, BEARER_PRESENT, "x|" },
    { "{\"s\":\"\"}", BEARER_PRESENT, BEARER_PRESENT, "|" },
    { "{\"s\":[]}", BEARER_WRONG, BEARER_PRESENT, "" },
    { "{\"s\":[\"x\"]}", BEARER_WRONG, BEARER_PRESENT, "x|" },
    { "{\"s\":[\"x\",\"\",\"y z\"]}", BEARER_WRONG, BEARER_PRESENT, "x||y z|" },
    { "{\"s\":[\"x\",1]}", BEARER_WRONG, BEARER_WRONG, NULL },
    { "{\"s\":[null]}", BEARER_WRONG, BEARER_WRONG, NULL },
    { "{\"s\":[\"x\",[\"y\"]]}", BEARER_WRONG, BEARER_WRONG, NULL },
    { "{\"s\":{\"0\":\"x\"}}", BEARER_WRONG, BEARER_WRONG, NULL },
    { "{\"s\":1}", BEARER_WRONG, BEARER_WRONG, NULL },
    { "{\"s\":null}", BEARER_WRONG, BEARER_WRONG, NULL },
    { "{\"s\":true}", BEARER_WRONG, BEARER_WRONG, NULL },
};

static void strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        const bearer_json *json = json_of(texts[i].json), *value = NULL;
        bearer_span text;
        const char *items = "";

        row_expect(bearer_json_string(json, "s", &text) == texts[i].string, "string of %s",
                   texts[i].json);
        row_expect(bearer_json_strings(json, "s", &value) == texts[i].strings, "strings of %s",
                   texts[i].json);
        value = bearer_json_member(json, "s");
        if (value != NULL)
            row_expect(bearer_json_is_strings(value) == (texts[i].items != NULL), "is strings: %s",
                       texts[i].json);
        if (texts[i].items == NULL)
            continue;
        for (size_t n = 0; bearer_json_strings_at(value, n, &text); n++)
            items = apr_pstrcat(test_pool, items, apr_pstrmemdup(test_pool, text.ptr, text.len),
                                "|", NULL);
        row_expect(strcmp(items, texts[i].items) == 0, "items of %s: %s", texts[i].json, items);
    }
    rows_end();
}

static void numbers(void **state)
{
    const bearer_json *json =
        json_of("{\"big\":9007199254740993,\"low\":-9223372036854775808,\"real\":1.5,\"s\":\"1\"}");
    bearer_number number;

    (void)state;
    assert_true(bearer_json_number_of(bearer_json_member(json, "big"), &number));
    assert_true(number.whole && number.integer == INT64_C(9007199254740993));
    assert_true(bearer_json_number_of(bearer_json_member(json, "low"), &number));
    assert_true(number.whole && number.integer == INT64_MIN && number.real < -9.2e18);
    assert_true(bearer_json_number_of(bearer_json_member(json, "real"), &number));
    assert_true(!number.whole && number.real > 1.49 && number.real < 1.51);
    assert_false(bearer_json_number_of(bearer_json_member(json, "s"), &number));
    assert_false(bearer_json_number_of(json, &number));
}

static bool count_two(void *context, const char *name, const bearer_json *value)
{
    int *seen = context;

    assert_non_null(name);
    assert_non_null(value);
    return ++*seen < 2;
}

static void visits_and_print(void **state)
{
    static const char *const same[] = { "{}", "{\"a\":[1,-2,true,null,\"x\\\"y\"]}",
                                        "{\"a\":{\"b\":\"\xc3\xa9\"}}" };
    int seen = 0;

    (void)state;
    bearer_json_each(json_of("{\"a\":1,\"b\":2,\"c\":3}"), count_two, &seen);
    assert_int_equal(seen, 2);
    seen = 0;
    bearer_json_each(json_of("{}"), count_two, &seen);
    assert_int_equal(seen, 0);
    for (size_t i = 0; i < COUNT(same); i++)
        row_expect(strcmp(bearer_json_print(test_pool, json_of(same[i])), same[i]) == 0, "%s",
                   same[i]);
    assert_string_equal(bearer_json_print(test_pool,
                                          bearer_json_member(json_of("{ \"a\" : \"x\" }"), "a")),
                                          "\"x\"");
    assert_string_equal(bearer_json_print(test_pool,
                                          bearer_json_member(json_of("{\"a\":12}"), "a")), "12");
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(strictness), TEST(depth), TEST(kinds_and_members), TEST(numeric_dates), TEST(strings),
        TEST(numbers), TEST(no_text),
        TEST(visits_and_print),
    };

    return tests_run(tests);
}
