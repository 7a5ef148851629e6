#include "support.h"
#include "bearer/credentials.h"

/* Rows that only must not be a token: what else such a value is called makes no difference to
 * anybody. */
#define NO_TOKEN (-1)

static const struct { bearer_span value; int field; const char *token; } rows[] = {
    /* RFC 6750 section 2.1 and RFC 9110 section 11.1 */
    { SPAN_ROW("Bearer mF_9.B5f-4.1JqM"), BEARER_FIELD_TOKEN, "mF_9.B5f-4.1JqM" },
    { SPAN_ROW("bearer abc"), BEARER_FIELD_TOKEN, "abc" },
    { SPAN_ROW("BEARER abc"), BEARER_FIELD_TOKEN, "abc" },
    { SPAN_ROW("bEaReR abc"), BEARER_FIELD_TOKEN, "abc" },
    { SPAN_ROW("Bearer   abc"), BEARER_FIELD_TOKEN, "abc" },
    { SPAN_ROW("Bearer a"), BEARER_FIELD_TOKEN, "a" },
    { SPAN_ROW("Bearer AZaz09-._~+/"), BEARER_FIELD_TOKEN, "AZaz09-._~+/" },
    { SPAN_ROW("Bearer abc="), BEARER_FIELD_TOKEN, "abc=" },
    { SPAN_ROW("Bearer abc======"), BEARER_FIELD_TOKEN, "abc======" },
    { SPAN_ROW("Bearer Bearer"), BEARER_FIELD_TOKEN, "Bearer" },
    { SPAN_ROW("Bearer ..."), BEARER_FIELD_TOKEN, "..." },
    /* says Bearer, but no clear token */
    { SPAN_ROW("Bearer"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("bearer"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer "), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer     "), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer\tabc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer \tabc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc "), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc def"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer ="), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer =abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer ab=c"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer token=abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer realm=\"x\""), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer \"abc\""), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer 'abc'"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer <abc>"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc;q=1"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer a:b"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer %61bc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc\r\nX: y"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc\n"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc\0"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc\0def"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc\x01"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc\x7f"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc\x80"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc\xff"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer \xc3\xa9"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer\xc2\xa0" "abc"), NO_TOKEN, NULL },
    { SPAN_ROW("Bearer\0abc"), NO_TOKEN, NULL },
    { SPAN_ROW("Bearer=abc"), NO_TOKEN, NULL },
    { SPAN_ROW("Bearer,abc"), NO_TOKEN, NULL },
    { SPAN_ROW("Bearer/abc"), NO_TOKEN, NULL },
    /* two credentials */
    { SPAN_ROW("Bearer abc, Bearer def"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc,Bearer def"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc, Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc, Basic dTpw"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc,"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer abc, "), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer , abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Bearer, Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Basic dTpw, Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Basic dTpw,Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Basic dTpw , \t bEARER abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Basic dTpw, Basic dTpw, Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW(", Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Digest realm=\"x\", qop=auth, Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Digest realm=\"a\\\"b\", Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    { SPAN_ROW("Digest realm=\"\\\\\", Bearer abc"), BEARER_FIELD_MALFORMED, NULL },
    /* another scheme */
    { SPAN_ROW(""), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("B"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Beare abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Bear er abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("BearerX abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Bearerabc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Bearer-token abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("XBearer abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Bea\0er abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("B\xd0\xb5" "arer abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Basic dTpw"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("DPoP abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Negotiate abc=="), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Basic QmVhcmVyIGFiYw=="), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Basic Bearer abc"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Digest username=\"u\", realm=\"a, Bearer b\""), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Digest username=\"u\\\", Bearer b\", qop=auth"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Digest realm=\"x\", bearer=\"1\""), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Digest realm=\"x\", bearerx=1, y=2"), BEARER_FIELD_OTHER, NULL },
    { SPAN_ROW("Basic dTpw, Basic dTpw"), BEARER_FIELD_OTHER, NULL },
};

static void field_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_span value = tight(rows[i].value), token = { NULL, 0 };
        bearer_field field = bearer_credentials_read(value, &token);

        row_expect(rows[i].field == NO_TOKEN ? field != BEARER_FIELD_TOKEN
                   : (int)field == rows[i].field,
                   "'%s' gives %d, not %d", rows[i].value.ptr, (int)field, rows[i].field);
        if (field == BEARER_FIELD_TOKEN && rows[i].token != NULL) {
            row_expect(bearer_span_is(token, rows[i].token), "'%s': token %.*s", rows[i].value.ptr,
                       (int)token.len, token.ptr);
            row_expect(token.ptr >= value.ptr && token.ptr + token.len <= value.ptr + value.len,
                       "'%s': token outside", rows[i].value.ptr);
        }
    }
    rows_end();
}

static void every_byte_in_a_token(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        bool letter = (byte >= '0' && byte <= '9')
            || ((byte | 32) >= 'a' && (byte | 32) <= 'z' && byte < 128);
        bool legal = letter || (byte != 0 && strchr("-._~+/", byte) != NULL);
        char after[2] = { 'a', (char)byte }, between[3] = { 'a', (char)byte, 'b' },
        alone = (char)byte;
        char value[] = "Bearer a_b", wide[70];
        bearer_span token;

        value[8] = (char)byte;
        row_expect(bearer_credentials_b64token((bearer_span){ after, 2 }) == (legal || byte == '='),
                   "after: %02x", (unsigned)byte);
        row_expect(bearer_credentials_b64token((bearer_span){ between, 3 }) == legal,
                   "between: %02x", (unsigned)byte);
        row_expect(bearer_credentials_b64token((bearer_span){ &alone, 1 }) == legal, "alone: %02x",
                   (unsigned)byte);
        for (size_t at = 1; at < sizeof(wide) - 1; at++) {
            memset(wide, 'a', sizeof(wide));
            wide[at] = (char)byte;
            row_expect(bearer_credentials_b64token((bearer_span){ wide, sizeof(wide) }) == legal,
                       "wide at %zu: %02x", at, (unsigned)byte);
        }
        row_expect(bearer_credentials_read(SPAN(value), &token) == (legal ? BEARER_FIELD_TOKEN
                                                                          : BEARER_FIELD_MALFORMED),
                   "in a field: %02x", (unsigned)byte);
    }
    assert_false(bearer_credentials_b64token(SPAN("")));
    rows_end();
}

static void complaints(void **state)
{
    static const struct { const char *value, *words; } told[] = {
        { "Bearer", "nothing stands behind" }, { "bearer  ", "nothing stands behind" },
        { "Bearer a b", "not one token" }, { "Bearer \"a\"", "not one token" },
        { "Bearer a, Basic b", "not one token" }, { "Basic a, Bearer b", "two credentials" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(told); i++) {
        bearer_span value = bearer_span_of(told[i].value), token;

        row_expect(bearer_credentials_read(value, &token) == BEARER_FIELD_MALFORMED, "%s",
                   told[i].value);
        row_expect(strstr(bearer_credentials_complaint(value), told[i].words) != NULL, "%s: %s",
                   told[i].value, bearer_credentials_complaint(value));
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(field_values), TEST(complaints), TEST(every_byte_in_a_token),
    };

    return tests_run(tests);
}
