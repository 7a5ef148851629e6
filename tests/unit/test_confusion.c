/* What is made to look like a token of somebody else. */
#include "tokens.h"

/* Texts that are no tokens at all, and shapes that others take. */
static void shapes(void **state)
{
    static const struct { const char *token; bool jwt; } rows[] = {
        { "", false }, { ".", false }, { "..", false }, { "a.b.c", true }, { "abc", false },
        { "eyJhbGciOiJub25lIn0.e30.", false }, { "eyJhbGciOiJub25lIn0.e30.AA", true },
        { "a.b.c.d.e", false }, { "ghp_16C7e42F292c6912E7710c838347Ae178B4a", false },
        { "e30.e30.e30", true }, { "W10.e30.AA", true },
        { "-_.-_.-_", true }, { "a.b.c=", false }, { "a=.b.c", false }, { "a.b+.c", false },
        { "a/.b.c", false }, { "a.b.c~", false }, { "a.b.c\n", false }, { "a.b.c ", false },
        { " a.b.c", false }, { "a.b.\xc3\xa9", false }, { "a.b..d.e", false },
    };

    (void)state;
    place_make();
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_findings found;
        bearer_verdict verdict = token_judge(rows[i].token, &found);

        row_expect(verdict.reason == BEARER_TOKEN_MALFORMED
                   || (rows[i].jwt && verdict.reason == BEARER_ALG_REFUSED),
                   "'%s': %s", rows[i].token, bearer_reason_name(verdict.reason));
        row_expect(bearer_token_is_jwt(bearer_span_of(rows[i].token)) == rows[i].jwt,
                   "'%s' is a JWT", rows[i].token);
        row_expect(!bearer_token_names(test_pool, bearer_span_of(rows[i].token), place.trusts),
                   "'%s' names",
                   rows[i].token);
    }
    rows_end();
}

static bearer_reason reason_of(const char *token)
{
    bearer_findings found;

    return token_judge(token, &found).reason;
}

static void confusions(void **state)
{
    const char *payload = token_payload(NULL), *header, *other, *pem;
    static const test_member from_other[] = { { "iss", "\"https://other.example\"" },
                                              { NULL, NULL } };

    (void)state;
    place_make();
    pem = public_pem(place.key);
    /* the public key as the secret of an HMAC */
    header = "{\"alg\":\"HS256\",\"kid\":\"main\"}";
    assert_int_equal(reason_of(sign_token_hmac(bearer_span_of(pem), "SHA256", header, payload)),
                     BEARER_ALG_REFUSED);
    assert_int_equal(reason_of(sign_token_hmac(SPAN(""), "SHA256", header, payload)),
                     BEARER_ALG_REFUSED);
    /* a key that the token brings along */
    header = apr_psprintf(test_pool, "{\"alg\":\"ES256\",\"jwk\":%s}",
                          public_jwk(place.stranger, ""));
    assert_int_equal(reason_of(sign_token(place.stranger, "ES256", header, payload)),
                     BEARER_SIGNATURE_BAD);
    /* one trusted issuer in the name of another */
    other = token_payload(from_other);
    header = "{\"alg\":\"ES256\",\"kid\":\"main\"}";
    assert_int_equal(reason_of(sign_token(place.stranger, "ES256", header, other)),
                     BEARER_ACCEPTED);
    assert_int_equal(reason_of(sign_token(place.key, "ES256", header, other)),
                     BEARER_SIGNATURE_BAD);
    assert_int_equal(reason_of(sign_token(place.stranger, "ES256", header, payload)),
                     BEARER_SIGNATURE_BAD);
    /* the name in the header says nothing */
    header = "{\"alg\":\"ES256\",\"iss\":\"https://issuer.example\"}";
    assert_int_equal(reason_of(sign_token(place.key, "ES256", header, other)),
                     BEARER_SIGNATURE_BAD);
}

/* A type that one issuer may send says nothing about the other's tokens. */
static void types_of_two_issuers(void **state)
{
    static const struct { unsigned first, second; bearer_reason reason; } rows[] = {
        { BEARER_TYPE_AT, BEARER_TYPE_AT, BEARER_ACCEPTED },
        { BEARER_TYPE_JWT, BEARER_TYPE_AT, BEARER_ACCEPTED },
        { BEARER_TYPE_AT, BEARER_TYPE_JWT, BEARER_TYPE_WRONG },
        { BEARER_TYPE_JWT, BEARER_TYPE_JWT, BEARER_TYPE_WRONG },
    };
    const char *token;

    (void)state;
    place_make();
    token = token_build(&(const token_change){ .name = "at+jwt of the second issuer" }, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        place.trusts[0]->rules.types.kinds = rows[i].first;
        place.trusts[1]->rules.types.kinds = rows[i].second;
        row_expect(reason_of(token) == rows[i].reason, "row %zu: %s", i,
                   bearer_reason_name(reason_of(token)));
    }
    rows_end();
}

static void without_trust(void **state)
{
    bearer_trust *nobody[] = { NULL };
    bearer_policy policy;
    bearer_findings found;
    bearer_span token;

    (void)state;
    place_make();
    token = tight_text(token_build(&(const token_change){ .name = "good" }, NULL));
    policy = place.policy;
    assert_int_not_equal(bearer_token_judge(test_pool, token, nobody, &policy, NULL, NOW,
                                            &found).reason,
                         BEARER_ACCEPTED);
    policy.audiences = NULL;
    assert_int_equal(bearer_token_judge(test_pool, token, place.trusts, &policy, NULL, NOW,
                                        &found).reason,
                     BEARER_NOT_CONFIGURED);
    assert_int_equal(bearer_token_judge(test_pool, token, place.trusts, &place.policy, NULL,
                                        NOW + 400,
                                        &found).reason,
                     BEARER_EXPIRED);
}

static void signature_only(void **state)
{
    uint64_t es256 = UINT64_C(1) << bearer_alg_index(bearer_alg_find(SPAN("ES256"))),
    other = es256 << 1;
    bearer_keyset *keys;
    const char *token;

    (void)state;
    place_make();
    keys = bearer_keystore_hold(place.trusts[1]->keys);
    token = sign_token(place.key, "ES256", "{\"alg\":\"ES256\"}", "not JSON \xff at all");
    assert_int_equal(bearer_token_verify(test_pool, tight_text(token), keys, es256).reason,
                     BEARER_ACCEPTED);
    assert_int_equal(bearer_token_verify(test_pool, tight_text(token), keys, UINT64_MAX).reason,
                     BEARER_ACCEPTED);
    assert_int_equal(bearer_token_verify(test_pool, tight_text(token), keys, other).reason,
                     BEARER_ALG_REFUSED);
    assert_int_equal(bearer_token_verify(test_pool, tight_text(token), keys, 0).reason,
                     BEARER_ALG_REFUSED);
    assert_int_equal(bearer_token_verify(test_pool, tight_text(token_flip(token)), keys,
                                         es256).reason,
                     BEARER_SIGNATURE_BAD);
    token = sign_token(place.key, "ES256", "{\"alg\":\"ES256\",\"crit\":[]}", "x");
    assert_int_equal(bearer_token_verify(test_pool, tight_text(token), keys, es256).reason,
                     BEARER_CRIT_REFUSED);
    token = sign_token(place.key, "ES256", "{\"alg\":\"ES256\",\"kid\":\"x\"}", "x");
    assert_int_equal(bearer_token_verify(test_pool, tight_text(token), keys, es256).reason,
                     BEARER_KEY_UNKNOWN);
    assert_int_equal(bearer_token_verify(test_pool, SPAN("a.b"), keys, es256).reason,
                     BEARER_TOKEN_MALFORMED);
    bearer_keyset_release(keys);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(shapes), TEST(confusions), TEST(types_of_two_issuers),
        TEST(without_trust), TEST(signature_only),
    };

    return tests_run(tests);
}
