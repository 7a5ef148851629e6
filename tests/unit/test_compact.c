#include "support.h"
#include "bearer/compact.h"

static const struct { bearer_span token; const char *header, *payload, *signature; } rows[] = {
    { SPAN_ROW("aGk.e30.c2ln"), "aGk", "e30", "c2ln" },
    { SPAN_ROW("a.b.c"), "a", "b", "c" },
    { SPAN_ROW("-_.-_.-_"), "-_", "-_", "-_" },
    { SPAN_ROW(""), NULL, NULL, NULL },
    { SPAN_ROW("."), NULL, NULL, NULL },
    { SPAN_ROW(".."), NULL, NULL, NULL },
    { SPAN_ROW("..."), NULL, NULL, NULL },
    { SPAN_ROW("abc"), NULL, NULL, NULL },
    { SPAN_ROW("a.b"), NULL, NULL, NULL },
    { SPAN_ROW("a.b."), NULL, NULL, NULL },                 /* alg none has no way in */
    { SPAN_ROW(".b.c"), NULL, NULL, NULL },
    { SPAN_ROW("a..c"), NULL, NULL, NULL },
    { SPAN_ROW("a.b.c."), NULL, NULL, NULL },
    { SPAN_ROW("a.b.c.d"), NULL, NULL, NULL },
    { SPAN_ROW(".a.b.c"), NULL, NULL, NULL },
    { SPAN_ROW("a.b.c.d.e"), NULL, NULL, NULL },            /* a JWE */
    { SPAN_ROW("a.b..d.e"), NULL, NULL, NULL },             /* a JWE with direct encryption */
    /* what a part is made of is not asked */
    { SPAN_ROW("a.b.c="), "a", "b", "c=" },
    { SPAN_ROW(" a/.b+.\xc3\xa9"), " a/", "b+", "\xc3\xa9" },
};

static bool within(bearer_span part, bearer_span whole)
{
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static void shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_span token = tight(rows[i].token);
        bearer_compact parts;
        bool split = bearer_compact_split(token, &parts);

        if (!row_expect(split == (rows[i].header != NULL), "'%s'", rows[i].token.ptr) || !split)
            continue;
        row_expect(bearer_span_is(parts.header, rows[i].header) && bearer_span_is(parts.payload,
                                                                                  rows[i].payload)
                   && bearer_span_is(parts.signature, rows[i].signature), "parts of '%s'",
                   rows[i].token.ptr);
        row_expect(within(parts.header, token) && within(parts.payload, token)
                   && within(parts.signature, token), "'%s' within", rows[i].token.ptr);
        row_expect(parts.signing_input.ptr == token.ptr && parts.signing_input.len
                   == strlen(rows[i].header) + 1 + strlen(rows[i].payload), "signing input of '%s'",
                   rows[i].token.ptr);
    }
    rows_end();
}

static void every_byte(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 11; at++) {
            char token[] = "aaa.bbb.ccc";
            bearer_compact parts;
            bool legal = (token[at] == '.') == (byte == '.');

            token[at] = (char)byte;
            row_expect(bearer_compact_split(SPAN(token), &parts) == legal, "byte %02x at %zu",
                       (unsigned)byte, at);
        }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(shapes), TEST(every_byte) };

    return tests_run(tests);
}
