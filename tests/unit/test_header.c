#include "support.h"
#include "bearer/header.h"

#define OK BEARER_ACCEPTED

static const struct { const char *json; bearer_reason reason; } headers[] = {
    { "{\"alg\":\"RS256\"}", OK },
    { "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}", OK },
    { "{\"alg\":\"ES256\",\"kid\":\"\",\"typ\":\"\"}", OK },
    { "{\"typ\":\"JWT\",\"alg\":\"HS512\",\"x\":{\"crit\":[]}}", OK },
    { "{\"alg\":\"ES256\",\"jku\":\"https://evil.example/\",\"x5u\":5,\"x5c\":[\"AA==\"],"
      "\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"},\"cty\":\"JWT\",\"b64\":true}", OK },
    /* crit: whatever it holds, before everything else */
    { "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", BEARER_CRIT_REFUSED },
    { "{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", BEARER_CRIT_REFUSED },
    { "{\"alg\":\"RS256\",\"crit\":[]}", BEARER_CRIT_REFUSED },
    { "{\"alg\":\"RS256\",\"crit\":null}", BEARER_CRIT_REFUSED },
    { "{\"alg\":\"RS256\",\"crit\":false}", BEARER_CRIT_REFUSED },
    { "{\"alg\":\"RS256\",\"crit\":\"\"}", BEARER_CRIT_REFUSED },
    { "{\"alg\":\"RS256\",\"crit\":{}}", BEARER_CRIT_REFUSED },
    { "{\"alg\":\"RS256\",\"\\u0063rit\":[\"x\"]}", BEARER_CRIT_REFUSED },
    { "{\"alg\":\"none\",\"crit\":[\"x\"]}", BEARER_CRIT_REFUSED },
    { "{\"crit\":[\"x\"]}", BEARER_CRIT_REFUSED },
    /* alg */
    { "{}", BEARER_ALG_REFUSED },
    { "{\"typ\":\"JWT\"}", BEARER_ALG_REFUSED },
    { "{\"ALG\":\"RS256\"}", BEARER_ALG_REFUSED },
    { "{\"alg\":\"\"}", BEARER_ALG_REFUSED },
    { "{\"alg\":\"none\"}", BEARER_ALG_REFUSED },
    { "{\"alg\":\"None\"}", BEARER_ALG_REFUSED },
    { "{\"alg\":\"nOnE\"}", BEARER_ALG_REFUSED },
    { "{\"alg\":\"rs256\"}", BEARER_ALG_REFUSED },
    { "{\"alg\":\"RS25\"}", BEARER_ALG_REFUSED },
    { "{\"alg\":\"RS256 \"}", BEARER_ALG_REFUSED },
    { "{\"alg\":\"RSA-OAEP\"}", BEARER_ALG_REFUSED },
    { "{\"alg\":null}", BEARER_ALG_REFUSED },
    { "{\"alg\":256}", BEARER_ALG_REFUSED },
    { "{\"alg\":true}", BEARER_ALG_REFUSED },
    { "{\"alg\":[\"RS256\"]}", BEARER_ALG_REFUSED },
    { "{\"alg\":{\"RS256\":1}}", BEARER_ALG_REFUSED },
    /* kid and typ */
    { "{\"alg\":\"RS256\",\"kid\":1}", BEARER_TOKEN_MALFORMED },
    { "{\"alg\":\"RS256\",\"kid\":null}", BEARER_TOKEN_MALFORMED },
    { "{\"alg\":\"RS256\",\"kid\":[\"k\"]}", BEARER_TOKEN_MALFORMED },
    { "{\"alg\":\"RS256\",\"typ\":1}", BEARER_TOKEN_MALFORMED },
    { "{\"alg\":\"RS256\",\"typ\":null}", BEARER_TOKEN_MALFORMED },
    { "{\"alg\":\"RS256\",\"typ\":[\"JWT\"]}", BEARER_TOKEN_MALFORMED },
};

static void what_a_header_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(headers); i++) {
        bearer_header header = { .alg = NULL };
        bearer_verdict refused = { .reason = BEARER_NOT_CONFIGURED };
        bool read = bearer_header_read(json_of(headers[i].json), &header, &refused);

        row_expect(read == (headers[i].reason == OK), "%s", headers[i].json);
        if (!read)
            row_expect(refused.reason == headers[i].reason, "%s gives %s", headers[i].json,
                       bearer_reason_name(refused.reason));
        else
            row_expect(header.alg != NULL, "%s without alg", headers[i].json);
    }
    rows_end();
}

static void members(void **state)
{
    bearer_header header;
    bearer_verdict refused;

    (void)state;
    assert_true(bearer_header_read(json_of("{\"alg\":\"PS384\",\"kid\":\"a b\",\"typ\":\"x\"}"),
                                   &header, &refused));
    assert_string_equal(header.alg->name, "PS384");
    assert_true(header.has_kid && bearer_span_is(header.kid, "a b"));
    assert_true(header.has_typ && bearer_span_is(header.typ, "x"));
    assert_true(bearer_header_read(json_of("{\"alg\":\"PS384\"}"), &header, &refused));
    assert_false(header.has_kid || header.has_typ);
    assert_int_equal(header.kid.len, 0);
    assert_true(bearer_header_read(json_of("{\"alg\":\"PS384\",\"kid\":\"\"}"), &header, &refused));
    assert_true(header.has_kid);
}

enum { A = BEARER_TYPE_ABSENT, J = BEARER_TYPE_JWT, T = BEARER_TYPE_AT };

/* For each value the one kind that takes it; 0: none does. */
static const struct { const char *typ; unsigned kind; } types[] = {
    { NULL, A }, { "\"JWT\"", J }, { "\"jwt\"", J }, { "\"JwT\"", J }, { "\"application/jwt\"", J },
    { "\"APPLICATION/JWT\"", J }, { "\"Application/Jwt\"", J }, { "\"at+jwt\"", T },
    { "\"AT+JWT\"", T }, { "\"application/at+jwt\"", T }, { "\"aPPLICATION/At+jWt\"", T },
    { "\"\"", 0 }, { "\"application/\"", 0 }, { "\"JW\"", 0 }, { "\"JWT \"", 0 }, { "\" JWT\"", 0 },
    { "\"JWTX\"", 0 }, { "\"at+jwt;v=1\"", 0 }, { "\"at jwt\"", 0 }, { "\"atjwt\"", 0 },
    { "\"text/jwt\"", 0 }, { "\"application/application/jwt\"", 0 }, { "\"applicationjwt\"", 0 },
    { "\"application//jwt\"", 0 }, { "\"/jwt\"", 0 }, { "\"id+jwt\"", 0 }, { "\"dpop+jwt\"", 0 },
    { "\"JOSE\"", 0 }, { "\"logout+jwt\"", 0 }, { "\"absent\"", 0 }, { "\"id\"", 0 },
};

static bearer_header header_with(const char *typ)
{
    bearer_header header;
    bearer_verdict refused;
    const char *text = apr_psprintf(test_pool, "{\"alg\":\"ES256\"%s%s}",
                                    typ != NULL ? ",\"typ\":" : "", typ != NULL ? typ : "");

    assert_true(bearer_header_read(json_of(text), &header, &refused));
    return header;
}

static void kinds_of_typ(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        bearer_header header = header_with(types[i].typ);

        for (unsigned kinds = 0; kinds <= (A | J | T); kinds++) {
            bearer_types set = { .kinds = kinds };

            row_expect(bearer_header_type_in(&header, &set) == ((kinds & types[i].kind) != 0),
                       "typ %s in set %u", types[i].typ != NULL ? types[i].typ : "absent", kinds);
        }
    }
    rows_end();
}

static void other_types(void **state)
{
    static const char *const others[] = { "okta-internal-at+jwt", "kb+jwt", NULL };
    static const struct { const char *typ; bool in; } rows[] = {
        { "\"kb+jwt\"", true },             { "\"KB+JWT\"", true },
        { "\"application/kb+jwt\"", true }, { "\"application/okta-internal-at+jwt\"", true },
        { "\"kb+jw\"", false },             { "\"kb+jwtx\"", false },
        { "\"\"", false },                  { "\"JWT\"", false },
        { "\"at+jwt\"", false },            { NULL, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_header header = header_with(rows[i].typ);
        bearer_types set = { .kinds = 0, .others = others };
        bearer_types with_jwt = { .kinds = BEARER_TYPE_JWT, .others = others };

        row_expect(bearer_header_type_in(&header, &set) == rows[i].in, "typ %s",
                   rows[i].typ != NULL ? rows[i].typ : "absent");
        row_expect(bearer_header_type_in(&header, &with_jwt)
                   == (rows[i].in || (rows[i].typ != NULL && strcmp(rows[i].typ, "\"JWT\"") == 0)),
                   "typ %s, JWT too", rows[i].typ != NULL ? rows[i].typ : "absent");
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_a_header_says), TEST(members), TEST(kinds_of_typ), TEST(other_types),
    };

    return tests_run(tests);
}
