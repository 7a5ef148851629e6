#include "support.h"
#include "bearer/claims.h"

/* A member and what it must give: NULL for no objection, else the claim that is named in the
 * detail. */
static const struct { const char *json, *wrong; } payloads[] = {
    { "{}", NULL },
    { "{\"iss\":\"i\",\"sub\":\"s\",\"aud\":\"a\",\"exp\":2,\"nbf\":1,\"iat\":1,\"jti\":\"j\"}",
      NULL },
    { "{\"exp\":1.5,\"nbf\":0,\"iat\":253402300799}", NULL }, { "{\"aud\":[]}", NULL },
    { "{\"aud\":[\"a\",\"b\"]}", NULL }, { "{\"scope\":5,\"roles\":{}}", NULL },
    { "{\"EXP\":\"x\"}", NULL }, { "{\"x\":{\"exp\":\"x\"}}", NULL },
    { "{\"exp\":\"1700000000\"}", "exp" }, { "{\"exp\":null}", "exp" }, { "{\"exp\":true}", "exp" },
    { "{\"exp\":[1]}", "exp" }, { "{\"exp\":{}}", "exp" }, { "{\"exp\":-1}", "exp" },
    { "{\"exp\":1e300}", "exp" }, { "{\"exp\":9223372036854775807}", "exp" },
    { "{\"nbf\":\"0\"}", "nbf" }, { "{\"nbf\":null}", "nbf" }, { "{\"nbf\":-1}", "nbf" },
    { "{\"nbf\":1e19}", "nbf" }, { "{\"iat\":\"0\"}", "iat" }, { "{\"iat\":null}", "iat" },
    { "{\"iat\":-0.1}", "iat" }, { "{\"iat\":253402300800}", "iat" }, { "{\"aud\":5}", "aud" },
    { "{\"aud\":null}", "aud" }, { "{\"aud\":{}}", "aud" }, { "{\"aud\":true}", "aud" },
    { "{\"aud\":[\"a\",1]}", "aud" }, { "{\"aud\":[\"a\",null]}", "aud" },
    { "{\"aud\":[[\"a\"]]}", "aud" }, { "{\"iss\":5}", "iss" }, { "{\"iss\":null}", "iss" },
    { "{\"iss\":[\"i\"]}", "iss" }, { "{\"sub\":5}", "sub" }, { "{\"sub\":null}", "sub" },
    { "{\"sub\":[\"s\"]}", "sub" }, { "{\"jti\":5}", "jti" }, { "{\"jti\":false}", "jti" },
};

static void registered_claims(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(payloads); i++) {
        bearer_claims claims;
        bearer_verdict refused = { .reason = BEARER_NOT_CONFIGURED };
        bool read = bearer_claims_read(json_of(payloads[i].json), &claims, &refused);

        row_expect(read == (payloads[i].wrong == NULL), "%s", payloads[i].json);
        if (!read && payloads[i].wrong != NULL)
            row_expect(refused.reason == BEARER_CLAIM_MALFORMED && refused.detail != NULL
                       && strstr(refused.detail, payloads[i].wrong) != NULL, "verdict on %s",
                       payloads[i].json);
    }
    rows_end();
}

static void values(void **state)
{
    const bearer_json *json =
        json_of("{\"iss\":\"https://i/\",\"exp\":300.9,\"iat\":100,\"aud\":[\"a\"]}");
    bearer_claims claims;
    bearer_verdict refused;

    (void)state;
    assert_true(bearer_claims_read(json, &claims, &refused));
    assert_ptr_equal(claims.json, json);
    assert_true(bearer_span_is(claims.issuer, "https://i/"));
    assert_int_equal(claims.exp_found, BEARER_PRESENT);
    assert_int_equal(claims.exp, 300);
    assert_int_equal(claims.nbf_found, BEARER_ABSENT);
    assert_int_equal(claims.iat_found, BEARER_PRESENT);
    assert_int_equal(claims.iat, 100);
    assert_non_null(claims.audience);
    assert_true(bearer_claims_read(json_of("{}"), &claims, &refused));
    assert_null(claims.audience);
    assert_int_equal(claims.exp_found, BEARER_ABSENT);
}

/* Scopes read at `scope`, `scp` and `/x/y`, joined by bars; NULL: refused. */
static const struct { const char *json, *scopes; } scopes[] = {
    { "{}", "" },
    { "{\"scope\":\"read write\"}", "read|write|" },
    { "{\"scope\":\"  read   write  \"}", "read|write|" },
    { "{\"scope\":\"\"}", "" },                             { "{\"scope\":\"   \"}", "" },
    { "{\"scope\":\"read read write read\"}", "read|write|" },
    { "{\"scope\":[\"read\",\"write\"]}", "read|write|" },  { "{\"scope\":[]}", "" },
    { "{\"scope\":[\"\"]}", "" },
    { "{\"scope\":[\"read\",\"read\"]}", "read|" },
    { "{\"scp\":\"a b\",\"scope\":\"c a\"}", "c|a|b|" },
    { "{\"scp\":[\"a\"],\"scope\":\"b\",\"x\":{\"y\":\"c\"}}", "b|a|c|" },
    { "{\"scope\":\"Read read\"}", "Read|read|" },
    { "{\"scope\":\"a\\tb\\nc\"}", "a\tb\nc|" },            /* only spaces part words */
    { "{\"scope\":5}", NULL },                              { "{\"scope\":null}", NULL },
    { "{\"scope\":true}", NULL },                           { "{\"scope\":{}}", NULL },
    { "{\"scope\":[\"a\",5]}", NULL },                      { "{\"scope\":[[\"a\"]]}", NULL },
    { "{\"scope\":\"a\",\"scp\":{}}", NULL },               { "{\"x\":{\"y\":0}}", NULL },
};

static const bearer_path *const *paths_of(const char *const *texts, size_t count)
{
    const bearer_path **paths = apr_pcalloc(test_pool, sizeof(*paths) * (count + 1));

    for (size_t i = 0; i < count; i++)
        assert_null(bearer_path_make(test_pool, texts[i], &paths[i]));
    return paths;
}

static void scope_claims(void **state)
{
    static const char *const texts[] = { "scope", "scp", "/x/y" };

    (void)state;
    for (size_t i = 0; i < COUNT(scopes); i++) {
        bearer_claims claims = { .json = json_of(scopes[i].json) };
        bearer_identity identity = { .claims = &claims };
        bool read = bearer_identity_read_scopes(test_pool, paths_of(texts, COUNT(texts)),
                                                &identity);
        const bearer_span *words;
        const char *joined = "";
        size_t count = 0;

        row_expect(read == (scopes[i].scopes != NULL), "%s", scopes[i].json);
        words = read ? bearer_identity_scopes(test_pool, &identity, &count) : NULL;
        for (size_t n = 0; n < count; n++)
            joined = apr_pstrcat(test_pool, joined,
                                 apr_pstrmemdup(test_pool, words[n].ptr, words[n].len), "|", NULL);
        if (read && scopes[i].scopes != NULL)
            row_expect(strcmp(joined, scopes[i].scopes) == 0, "%s gives %s", scopes[i].json,
                       joined);
    }
    rows_end();
}

static void having_a_scope(void **state)
{
    static const char *const texts[] = { "scope" };
    static const struct { const char *scope; bool has; } rows[] = {
        { "read", true }, { "files:write", true }, { "rea", false }, { "read ", false },
        { "", false }, { " ", false }, { "ead", false }, { "READ", false }, { "files", false },
        { "write", false }, { "readfiles:write", false }, { "read files:write", false },
    };
    bearer_claims claims = { .json = json_of("{\"scope\":\"read files:write\"}") };
    bearer_identity identity = { .claims = &claims };

    (void)state;
    assert_true(bearer_identity_read_scopes(test_pool, paths_of(texts, 1), &identity));
    for (size_t i = 0; i < COUNT(rows); i++)
        row_expect(bearer_identity_has_scope(&identity,
                                             bearer_span_of(rows[i].scope)) == rows[i].has,
                   "'%s'", rows[i].scope);
    assert_true(bearer_identity_read_scopes(test_pool, paths_of(texts, 0), &identity));
    assert_null(identity.scopes[0]);
    assert_false(bearer_identity_has_scope(&identity, SPAN("read")));
    assert_false(bearer_identity_has_scope(&identity, SPAN("")));
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(registered_claims), TEST(values), TEST(scope_claims), TEST(having_a_scope),
    };

    return tests_run(tests);
}
