/* Tokens for backends: how their description is read, and what they say. */
#include "sign.h"
#include "support.h"
#include "bearer/compact.h"
#include "bearer/minting.h"

static char *as_is(apr_pool_t *pool, const char *file)
{
    return apr_pstrdup(pool, file);
}

/* The words of a line, {key} being the source of a good key for ES256. */
static const bearer_minting *open_line(const char *line, const char **error)
{
    static const char *source;
    static apr_pool_t *made_for;
    apr_array_header_t *words = apr_array_make(test_pool, 8, sizeof(const char *));
    char *rest, *word = apr_strtok(apr_pstrdup(test_pool, line), " ", &rest);

    if (made_for != test_pool) {
        source = apr_pstrcat(test_pool, "key=pem:",
                             temp_write_text("mint.pem", private_pem(make_key("P-256"))), NULL);
        made_for = test_pool;
    }
    for (; word != NULL; word = apr_strtok(NULL, " ", &rest))
        APR_ARRAY_PUSH(words, const char *) = strcmp(word, "{key}") == 0 ? source : word;
    APR_ARRAY_PUSH(words, const char *) = NULL;
    *error = NULL;
    return bearer_minting_open(test_pool, (const char *const *)words->elts, as_is, error);
}

#define BASE "{key} algorithm=ES256 issuer=gate audience=inner"

static void lines(void **state)
{
    static const struct { const char *line, *word; } rows[] = {
        { BASE, NULL },
        { BASE " ttl=5 kid=a claims=sub", NULL },
        { BASE " claims=realm_access.roles=roles,/a.b,azp=client_id", NULL },
        { "{key} algorithm=ES256 issuer=gate audience=a,b", NULL },
        { "", "key=" },
        { "{key} algorithm=ES256 issuer=gate", "audience=" },
        { "{key} algorithm=ES256 audience=a", "issuer=" },
        { "{key} issuer=gate audience=a", "algorithm=" },
        { "algorithm=ES256 issuer=gate audience=a", "key=" },
        { BASE " keys=x", "'key='" },
        { BASE " audiences=x", "'audience='" },
        { BASE " nonsense", "nonsense" },
        { BASE " ttl=60 ttl=61", "ttl=" },
        { BASE " ttl=", "ttl=" },
        { BASE " ttl=4", "5 to 3600" },
        { BASE " ttl=3601", "5 to 3600" },
        { BASE " ttl=1m", "1m" },
        { BASE " ttl=-5", "-5" },
        { BASE " claims=a..b", "a..b" },
        { BASE " claims=,", "claims=" },
        { BASE " claims=a.b", "a.b=roles" },
        { BASE " claims=sub,sub", "sub" },
        { BASE " claims=a=x,b=x", "'x'" },
        { BASE " claims=iss", "iss" },
        { BASE " claims=a=exp", "exp" },
        { BASE " claims=act", "act" },
        { BASE " claims=cnf", "cnf" },
        { BASE " claims=a=", "a=" },
        { "{key} algorithm=ES257 issuer=gate audience=a", "'ES256' meant" },
        { "{key} algorithm=none issuer=gate audience=a", "none" },
        { "{key} algorithm=, issuer=gate audience=a", "algorithm" },
        { "{key} algorithm=ES384 issuer=gate audience=a", "does not fit" },
        { "{key} algorithm=RS256 issuer=gate audience=a", "does not fit" },
        { "{key} algorithm=HS256 issuer=gate audience=a", "does not fit" },
        { "{key} algorithm=ES256 issuer=gate audience=a,,b", "audience=" },
        { "{key} algorithm=ES256 issuer=\xff audience=a", "UTF-8" },
        { "key=pem: algorithm=ES256 issuer=gate audience=a", "pem:file" },
        { "key=jwks:x algorithm=ES256 issuer=gate audience=a", "pem:file" },
        { "key=/x algorithm=ES256 issuer=gate audience=a", "pem:file" },
        { "key=pem:/none/of/these algorithm=ES256 issuer=gate audience=a", "/none/of/these" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error;
        bool made = open_line(rows[i].line, &error) != NULL;

        row_expect(made == (rows[i].word == NULL) && made == (error == NULL), "%s: %s",
                   rows[i].line, error);
        row_expect(made || strstr(error, rows[i].word) != NULL, "%s: %s", rows[i].line, error);
    }
    rows_end();
}

static bearer_claims claims_of(const char *json)
{
    bearer_claims claims = { .json = json_of(json) };
    bearer_verdict refused;

    assert_true(bearer_claims_read(claims.json, &claims, &refused));
    return claims;
}

/* What the token says; its times in *iat and *exp. */
static const bearer_json *payload(const char *token, int64_t *iat, int64_t *exp)
{
    bearer_compact parts;
    const bearer_json *json;

    assert_non_null(token);
    assert_true(bearer_compact_split(bearer_span_of(token), &parts));
    assert_int_equal(bearer_json_read(test_pool, decoded(parts.payload), &json), BEARER_JSON_OK);
    assert_int_equal(bearer_json_time(json, "iat", iat), BEARER_PRESENT);
    assert_int_equal(bearer_json_time(json, "exp", exp), BEARER_PRESENT);
    return json;
}

static void times(void **state)
{
    static const struct { int64_t claims_exp, now, exp; } rows[] = {
        { 2000, 1000, 1060 }, { 1060, 1000, 1060 }, { 1059, 1000, 1059 }, { 1001, 1000, 1001 },
        { 1000, 1000, 1000 }, { 990, 1000, 990 },
    };
    const char *error;
    const bearer_minting *how = open_line(BASE, &error);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_claims from = claims_of(apr_psprintf(test_pool, "{\"iss\":\"a\",\"exp\":%d}",
                                                    (int)rows[i].claims_exp));
        int64_t iat, exp;

        payload(bearer_minting_token(test_pool, how, &from, NULL, rows[i].now, &error), &iat, &exp);
        row_expect(iat == rows[i].now && exp == rows[i].exp, "row %d: iat %d, exp %d", (int)i,
                   (int)iat, (int)exp);
    }
    rows_end();
}

static void contents(void **state)
{
    static const struct { const char *words, *claims, *wanted; } rows[] = {
        { "", "\"sub\":\"a\",\"scope\":\"x\",\"nonce\":1", "{\"sub\":\"a\",\"scope\":\"x\"}" },
        { "", "\"client_id\":\"c\",\"act\":{\"sub\":\"b\"}",
          "{\"client_id\":\"c\",\"act\":{\"sub\":\"b\"}}" },
        { "", "\"aud\":\"other\",\"iat\":1,\"jti\":\"x\",\"nbf\":1", "{}" },
        { "claims=r.s=t,/x.y", "\"r\":{\"s\":[1,null]},\"x.y\":\"\\u00e9\\\"\"",
          "{\"t\":[1,null],\"x.y\":\"\\u00e9\\\"\"}" },
        { "claims=azp=client_id", "\"azp\":\"a\",\"client_id\":\"c\"", "{\"client_id\":\"a\"}" },
        { "claims=iss=idp", "\"sub\":\"a\"", "{\"idp\":\"them\"}" },
    };
    static const char *const own[] = { "iss", "aud", "iat", "exp", "jti", NULL };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *error;
        const bearer_minting *how = open_line(apr_pstrcat(test_pool, BASE " ", rows[i].words, NULL),
                                              &error);
        bearer_claims from = claims_of(apr_psprintf(test_pool,
                                                    "{\"iss\":\"them\",\"exp\":5000,%s}",
                                                    rows[i].claims));
        const bearer_json *wanted = json_of(rows[i].wanted);
        int64_t iat, exp;
        const char *print = bearer_json_print(
            test_pool, payload(bearer_minting_token(test_pool, how, &from, NULL, 1000, &error),
                               &iat, &exp));
        const char *rest = bearer_json_print(test_pool, wanted);

        /* What the server says itself stands first, what is copied behind it. */
        row_expect(strncmp(print, "{\"iss\":\"gate\",\"aud\":\"inner\",\"iat\":1000,",
                           strlen("{\"iss\":\"gate\",\"aud\":\"inner\",\"iat\":1000,")) == 0
                   && strlen(print) >= strlen(rest)
                   && strcmp(print + strlen(print) - strlen(rest) + 1, rest + 1) == 0,
                   "%s gives %s", rows[i].claims, print);
        for (const char *const *name = own; *name != NULL; name++)
            row_expect(bearer_json_member(json_of(print), *name) != NULL, "%s: no %s", print,
                       *name);
    }
    rows_end();
}

static void kept_tokens(void **state)
{
    const char *error;
    const bearer_minting *how = open_line(BASE " ttl=60", &error);
    const bearer_minting *other = open_line(BASE " ttl=60", &error);
    bearer_minted *kept = bearer_minted_make(16);
    bearer_claims a = claims_of("{\"iss\":\"i\",\"sub\":\"a\",\"exp\":2000}");
    bearer_claims b = claims_of("{\"iss\":\"i\",\"sub\":\"b\",\"exp\":2000}");
    bearer_claims sooner = claims_of("{\"iss\":\"i\",\"sub\":\"a\",\"exp\":1999}");
    bearer_claims unread = claims_of("{\"iss\":\"i\",\"sub\":\"a\",\"exp\":2000,\"nonce\":5}");
    const char *first = bearer_minting_token(test_pool, how, &a, kept, 1000, &error);

    (void)state;
    assert_string_equal(bearer_minting_token(test_pool, how, &a, kept, 1029, &error), first);
    assert_string_equal(bearer_minting_token(test_pool, how, &unread, kept, 1029, &error), first);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &a, kept, 999, &error), first);
    first = bearer_minting_token(test_pool, how, &a, kept, 1100, &error);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &a, kept, 1130, &error), first);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &b, kept, 1100, &error), first);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &sooner, kept, 1100, &error),
                            first);
    assert_string_not_equal(bearer_minting_token(test_pool, other, &a, kept, 1100, &error), first);
    assert_string_not_equal(bearer_minting_token(test_pool, how, &a, NULL, 1100, &error), first);
    bearer_minted_free(kept);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(lines), TEST(times), TEST(contents), TEST(kept_tokens),
    };

    return tests_run(tests);
}
