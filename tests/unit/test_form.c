/* What comes in a query or a form: application/x-www-form-urlencoded, and cookies. */
#include "support.h"
#include "bearer/cookie.h"
#include "bearer/form.h"

typedef struct {
    const char *text;
    bearer_found found;
    const char *value;              /* of PRESENT */
    const char *left;               /* the text without it */
} row;

static const row forms[] = {
    { "", BEARER_ABSENT, NULL, "" },
    { "t=abc", BEARER_PRESENT, "abc", "" },
    { "a=1&t=abc", BEARER_PRESENT, "abc", "a=1" },
    { "t=abc&a=1", BEARER_PRESENT, "abc", "a=1" },
    { "a=1&t=abc&b=2", BEARER_PRESENT, "abc", "a=1&b=2" },
    { "&a=1&&t=abc&", BEARER_PRESENT, "abc", "&a=1&&" },
    { "a=1&&b=%zz&", BEARER_ABSENT, NULL, "a=1&&b=%zz&" },
    { "%74=abc&a", BEARER_PRESENT, "abc", "a" },
    { "t=a%2Db%2eC", BEARER_PRESENT, "a-b.C", "" },
    { "t=a+b", BEARER_PRESENT, "a b", "" },
    { "t=a=b=", BEARER_PRESENT, "a=b=", "" },
    { "t", BEARER_PRESENT, "", "" },
    { "t=", BEARER_PRESENT, "", "" },
    { "t=&t=abc", BEARER_WRONG, NULL, "" },
    { "t=abc&t=abc", BEARER_WRONG, NULL, "" },
    { "t=abc&x=1&%74=def", BEARER_WRONG, NULL, "x=1" },
    { "t=a%00b", BEARER_WRONG, NULL, "" },
    { "t=a%", BEARER_WRONG, NULL, "" },
    { "t=a%2", BEARER_WRONG, NULL, "" },
    { "t=a%g0", BEARER_WRONG, NULL, "" },
    { "T=abc", BEARER_ABSENT, NULL, "T=abc" },
    { "tt=abc", BEARER_ABSENT, NULL, "tt=abc" },
    { "a=t=abc", BEARER_ABSENT, NULL, "a=t=abc" },
    { "a=1;t=abc", BEARER_ABSENT, NULL, "a=1;t=abc" },
    { "%00t=abc&%74%00=x", BEARER_ABSENT, NULL, "%00t=abc&%74%00=x" },
};

static void in_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        const row *one = &forms[i];
        bearer_span value = { NULL, 0 }, text = bearer_span_of(one->text);
        bearer_span left = bearer_form_without(test_pool, text, "t");

        row_expect(bearer_form_find(test_pool, text, "t", &value) == one->found, "'%s'", one->text);
        if (one->found == BEARER_PRESENT)
            row_expect(bearer_span_is(value, one->value), "'%s' has '%s'", one->text, value.ptr);
        row_expect(bearer_span_is(left, one->left), "'%s' leaves '%s'", one->text, left.ptr);
    }
    rows_end();
}

static const row cookies[] = {
    { "", BEARER_ABSENT, NULL, NULL },
    { "t=abc", BEARER_PRESENT, "abc", NULL },
    { "a=1; t=abc; b=2", BEARER_PRESENT, "abc", "a=1; b=2" },
    { "a=1;t=abc;b=2", BEARER_PRESENT, "abc", "a=1; b=2" },
    { " t = abc ;; a=1 ", BEARER_PRESENT, "abc", "a=1" },
    { "t=\"abc\"", BEARER_PRESENT, "abc", NULL },
    { "t=\"abc", BEARER_PRESENT, "\"abc", NULL },
    { "t=\"", BEARER_PRESENT, "\"", NULL },
    { "a;b;c;d;e;f;g;h", BEARER_ABSENT, NULL, "a; b; c; d; e; f; g; h" },
    { "t=; a=1", BEARER_ABSENT, NULL, "a=1" },
    { "t=\"\"; a=1", BEARER_ABSENT, NULL, "a=1" },
    { "t=; t=abc", BEARER_PRESENT, "abc", NULL },
    { "t=abc; t=abc", BEARER_WRONG, NULL, NULL },
    { "t=abc; a=1; t=def", BEARER_WRONG, NULL, "a=1" },
    { "t=a=b", BEARER_PRESENT, "a=b", NULL },
    { "t", BEARER_ABSENT, NULL, "t" },
    { "T=abc", BEARER_ABSENT, NULL, "T=abc" },
    { "a=\"; t=abc", BEARER_PRESENT, "abc", "a=\"" },
    { "a=1, t=abc", BEARER_ABSENT, NULL, "a=1, t=abc" },
};

static void in_cookies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cookies); i++) {
        const row *one = &cookies[i];
        bearer_span value = { NULL, 0 }, text = bearer_span_of(one->text);
        const char *left = bearer_cookie_without(test_pool, text, "t");

        row_expect(bearer_cookie_find(text, "t", &value) == one->found, "'%s'", one->text);
        if (one->found == BEARER_PRESENT)
            row_expect(bearer_span_is(value, one->value), "'%s'", one->text);
        row_expect(one->left == NULL ? left == NULL : left != NULL && strcmp(left, one->left) == 0,
                   "'%s' leaves '%s'", one->text, left != NULL ? left : "nothing");
    }
    rows_end();
}

static void in_addresses(void **state)
{
    static const struct { const char *text, *left; } rows[] = {
        { "/a?t=abc", "/a" },
        { "GET /a?t=abc HTTP/1.1", "GET /a HTTP/1.1" },
        { "GET /a?b=1&t=abc HTTP/1.1", "GET /a?b=1 HTTP/1.1" },
        { "https://a.example/?t=abc&x#t=1", "https://a.example/?x#t=1" },
        { "/a?b=1?t=abc", NULL }, { "/a", NULL }, { "/a?", NULL }, { "/t=abc", NULL },
        { "proxy:http://127.0.0.1/?t=1&t=2", "proxy:http://127.0.0.1/" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *left = bearer_form_strip(test_pool, rows[i].text, "t");

        row_expect(rows[i].left == NULL ? left == NULL
                                        : left != NULL && strcmp(left, rows[i].left) == 0,
                   "'%s' leaves '%s'", rows[i].text, left != NULL ? left : "all");
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(in_forms), TEST(in_cookies),
                                               TEST(in_addresses) };

    return tests_run(tests);
}
