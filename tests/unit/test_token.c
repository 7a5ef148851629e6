#include "tokens.h"

static const token_change breaks[] = {
    { "four parts", 20, BEARER_TOKEN_MALFORMED, .token_tail = ".e30" },
    { "five parts", 20, BEARER_TOKEN_MALFORMED, .token_tail = ".e30.e30" },
    { "padding", 20, BEARER_TOKEN_MALFORMED, .token_tail = "==" },
    { "a foreign character", 20, BEARER_TOKEN_MALFORMED, .token_tail = "+" },
    { "a signature that no bytes have", 20, BEARER_TOKEN_MALFORMED, .token_tail = "AAA" },
    { "stray bits in the signature", 20, BEARER_TOKEN_MALFORMED, .token_tail = "_" },
    { "text behind the header", 21, BEARER_TOKEN_MALFORMED, .header_tail = "x" },
    { "two headers", 21, BEARER_TOKEN_MALFORMED, .header_tail = "{}" },
    { "a header member twice", 21, BEARER_TOKEN_MALFORMED,
      .header = { { "x", "1,\"\\u0078\":1" } } },
    { "a number beyond 64 bits in the header", 21, BEARER_TOKEN_MALFORMED,
      .header = { { "x", "9223372036854775808" } } },
    { "NUL in the header", 21, BEARER_TOKEN_MALFORMED, .header = { { "x", "\"\\u0000\"" } } },
    { "no UTF-8 in the header", 21, BEARER_TOKEN_MALFORMED, .header = { { "x", "\"\xff\"" } } },
    { "a deep header", 21, BEARER_TOKEN_MALFORMED,
      .header = { { "x", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" } } },
    { "crit", 30, BEARER_CRIT_REFUSED, .header = { { "crit", "[\"exp\"]" } } },
    { "crit is null", 30, BEARER_CRIT_REFUSED, .header = { { "crit", "null" } } },
    { "alg none", 31, BEARER_ALG_REFUSED, .header = { { "alg", "\"none\"" } } },
    { "alg absent", 31, BEARER_ALG_REFUSED, .header = { { "alg", NULL } } },
    { "alg in small letters", 31, BEARER_ALG_REFUSED, .header = { { "alg", "\"es256\"" } } },
    { "alg empty", 31, BEARER_ALG_REFUSED, .header = { { "alg", "\"\"" } } },
    { "typ of an ID token", 40, BEARER_TYPE_WRONG, .header = { { "typ", "\"id+jwt\"" } } },
    { "typ of a proof", 40, BEARER_TYPE_WRONG,
      .header = { { "typ", "\"application/dpop+jwt\"" } } },
    { "typ empty", 40, BEARER_TYPE_WRONG, .header = { { "typ", "\"\"" } } },
    { "text behind the payload", 50, BEARER_TOKEN_MALFORMED, .payload_tail = "x" },
    { "a claim twice", 50, BEARER_TOKEN_MALFORMED, .payload = { { "x", "1,\"\\u0078\":1" } } },
    { "a number beyond 64 bits", 50, BEARER_TOKEN_MALFORMED,
      .payload = { { "x", "-9223372036854775809" } } },
    { "a number beyond a double", 50, BEARER_TOKEN_MALFORMED, .payload = { { "x", "1e400" } } },
    { "NUL in the payload", 50, BEARER_TOKEN_MALFORMED, .payload = { { "x", "\"a\\u0000\"" } } },
    { "iss absent", 51, BEARER_ISSUER_UNKNOWN, .payload = { { "iss", NULL } } },
    { "iss another", 51, BEARER_ISSUER_UNKNOWN,
      .payload = { { "iss", "\"https://evil.example\"" } } },
    { "iss with a slash more", 51, BEARER_ISSUER_UNKNOWN,
      .payload = { { "iss", "\"https://issuer.example/\"" } } },
    { "iss a prefix", 51, BEARER_ISSUER_UNKNOWN,
      .payload = { { "iss", "\"https://issuer.exampl\"" } } },
    { "iss in capitals", 51, BEARER_ISSUER_UNKNOWN,
      .payload = { { "iss", "\"https://ISSUER.example\"" } } },
    { "iss a list", 51, BEARER_ISSUER_UNKNOWN,
      .payload = { { "iss", "[\"https://issuer.example\"]" } } },
    { "iss a number", 51, BEARER_ISSUER_UNKNOWN, .payload = { { "iss", "5" } } },
    { "iss empty", 51, BEARER_ISSUER_UNKNOWN, .payload = { { "iss", "\"\"" } } },
    { "alg of no key", 60, BEARER_ALG_REFUSED, .header = { { "alg", "\"RS256\"" } } },
    { "alg of a secret", 60, BEARER_ALG_REFUSED, .header = { { "alg", "\"HS256\"" } } },
    { "alg of another curve", 60, BEARER_ALG_REFUSED, .header = { { "alg", "\"ES384\"" } } },
    { "kid unknown", 70, BEARER_KEY_UNKNOWN, .header = { { "kid", "\"other\"" } } },
    { "kid empty", 70, BEARER_KEY_UNKNOWN, .header = { { "kid", "\"\"" } } },
    { "kid a prefix", 70, BEARER_KEY_UNKNOWN, .header = { { "kid", "\"mai\"" } } },
    { "kid of a file", 70, BEARER_KEY_UNKNOWN, .header = { { "kid", "\"../../etc/passwd\"" } } },
    { "a stranger's signature", 71, BEARER_SIGNATURE_BAD, .other_key = true },
    { "one bit of the signature", 71, BEARER_SIGNATURE_BAD, .flipped = true },
    { "exp a string", 80, BEARER_CLAIM_MALFORMED, .payload = { { "exp", "\"1700000300\"" } } },
    { "exp null", 80, BEARER_CLAIM_MALFORMED, .payload = { { "exp", "null" } } },
    { "nbf a string", 80, BEARER_CLAIM_MALFORMED, .payload = { { "nbf", "\"0\"" } } },
    { "iat negative", 80, BEARER_CLAIM_MALFORMED, .payload = { { "iat", "-1" } } },
    { "aud a number", 80, BEARER_CLAIM_MALFORMED, .payload = { { "aud", "1" } } },
    { "sub a number", 80, BEARER_CLAIM_MALFORMED, .payload = { { "sub", "1" } } },
    { "scope an object", 80, BEARER_CLAIM_MALFORMED, .payload = { { "scope", "{}" } } },
    { "exp absent", 90, BEARER_CLAIM_MALFORMED, .payload = { { "exp", NULL } } },
    { "expired", 91, BEARER_EXPIRED, .payload = { { "exp", "1699999970" } } },
    { "not yet", 92, BEARER_NOT_YET_VALID, .payload = { { "nbf", "1700000031" } } },
    { "issued later", 92, BEARER_NOT_YET_VALID, .payload = { { "iat", "1700000031" } } },
    { "issued long ago", 93, BEARER_TOO_OLD, .payload = { { "iat", "1600000000" } } },
    { "iat absent", 93, BEARER_TOO_OLD, .payload = { { "iat", NULL } } },
    { "for another audience", 94, BEARER_AUDIENCE_WRONG, .payload = { { "aud", "\"other\"" } } },
    { "for no audience", 94, BEARER_AUDIENCE_WRONG, .payload = { { "aud", NULL } } },
    { "payload typ ID", 100, BEARER_TYPE_WRONG, .payload = { { "typ", "\"ID\"" } } },
    { "token_use id", 100, BEARER_TYPE_WRONG, .payload = { { "token_use", "\"id\"" } } },
    { "at_hash", 100, BEARER_TYPE_WRONG, .payload = { { "at_hash", "\"x\"" } } },
    { "cnf", 110, BEARER_BINDING_UNCHECKED, .payload = { { "cnf", "{\"jkt\":\"x\"}" } } },
    { "no user", 120, BEARER_USER_MISSING, .payload = { { "sub", NULL } } },
    { "an empty user", 120, BEARER_USER_MISSING, .payload = { { "sub", "\"\"" } } },
    { "a user with a line end", 120, BEARER_USER_MISSING,
      .payload = { { "sub", "\"a\\r\\nb\"" } } },
};

/* Good tokens in other shapes. */
static const token_change accepted[] = {
    { "as it is" },
    { "typ JWT", .header = { { "typ", "\"JWT\"" } } },
    { "no typ", .header = { { "typ", NULL } } },
    { "no kid", .header = { { "kid", NULL } } },
    { "typ as a media type", .header = { { "typ", "\"application/AT+jwt\"" } } },
    { "members that are not looked at",
      .header = { { "jku", "\"https://evil.example\"" }, { "x5c", "5" } } },
    { "blanks behind", .header_tail = " \r\n", .payload_tail = "\n" },
    { "fractions", .payload = { { "exp", "1700000300.5" }, { "iat", "1.69999999e9" } } },
    { "aud a string", .payload = { { "aud", "\"api\"" } } },
};

static void good_tokens(void **state)
{
    (void)state;
    place_make();
    for (size_t i = 0; i < COUNT(accepted); i++) {
        bearer_findings found;
        bearer_verdict verdict = token_judge(token_build(&accepted[i], NULL), &found);

        if (!row_expect(verdict.reason == BEARER_ACCEPTED, "%s: %s", accepted[i].name,
                        bearer_reason_name(verdict.reason)))
            continue;
        row_expect(found.trust == place.trusts[1] && strcmp(found.identity.user, "alice") == 0
                   && strcmp(found.identity.issuer, "https://issuer.example") == 0, "%s: findings",
                   accepted[i].name);
        row_expect(bearer_identity_has_scope(&found.identity, SPAN("read")), "%s: scopes",
                   accepted[i].name);
    }
    rows_end();
}

static void each_rule_alone(void **state)
{
    (void)state;
    place_make();
    for (size_t i = 0; i < COUNT(breaks); i++) {
        bearer_findings found;
        bearer_verdict verdict = token_judge(token_build(&breaks[i], NULL), &found);

        row_expect(verdict.reason == breaks[i].reason, "%s: %s", breaks[i].name,
                   bearer_reason_name(verdict.reason));
        row_expect(found.identity.user == NULL && found.identity.claims == NULL,
                   "%s: an identity is left",
                   breaks[i].name);
        row_expect(breaks[i].order < 70 || found.trust == place.trusts[1], "%s: the issuer",
                   breaks[i].name);
        row_expect(breaks[i].order < 40 || found.kid.len > 0 || strcmp(breaks[i].name,
                                                                       "kid empty") == 0,
                   "%s: the kid", breaks[i].name);
    }
    rows_end();
}

/* Two changes of one place are no two broken rules. */
static bool collide(const token_change *a, const token_change *b)
{
    return members_meet(a->header, b->header) || members_meet(a->payload, b->payload)
        || (a->token_tail != NULL && b->token_tail != NULL)
            || (a->header_tail != NULL && b->header_tail != NULL)
        || (a->other_key && b->flipped);
}

static void all_pairs(void **state)
{
    size_t pairs = 0;

    (void)state;
    place_make();
    for (size_t i = 0; i < COUNT(breaks); i++)
        for (size_t j = i + 1; j < COUNT(breaks); j++) {
            bearer_findings found;
            bearer_verdict verdict;

            if (collide(&breaks[i], &breaks[j]))
                continue;
            verdict = token_judge(token_build(&breaks[i], &breaks[j]), &found);
            row_expect(verdict.reason == breaks[i].reason, "%s and %s: %s", breaks[i].name,
                       breaks[j].name,
                       bearer_reason_name(verdict.reason));
            assert_true(breaks[i].order <= breaks[j].order);
            pairs++;
        }
    assert_true(pairs > 1000);
    rows_end();
}

static void names(void **state)
{
    static const struct { const char *name; bool named; } rows[] = {
        { "expired", true }, { "alg none", true }, { "crit", true },
        { "a stranger's signature", true }, { "kid unknown", true },
        { "text behind the header", true }, { "iss another", false }, { "iss absent", false },
        { "iss a list", false }, { "text behind the payload", false }, { "four parts", false },
        { "padding", false },
    };

    (void)state;
    place_make();
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t b = 0; b < COUNT(breaks); b++)
            if (strcmp(rows[i].name, breaks[b].name) == 0)
                row_expect(bearer_token_names(test_pool, tight_text(token_build(&breaks[b], NULL)),
                                              place.trusts)
                           == rows[i].named, "%s", rows[i].name);
    rows_end();
}

static void vouched(void **state)
{
    static const struct { const char *user; bearer_reason reason; } rows[] = {
        { "alice", BEARER_ACCEPTED }, { "a b", BEARER_ACCEPTED }, { NULL, BEARER_USER_MISSING },
        { "", BEARER_USER_MISSING }, { "a\nb", BEARER_USER_MISSING },
        { "\x7f", BEARER_USER_MISSING },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_findings found = { .provider = "other" };
        bearer_verdict verdict = bearer_token_vouched(test_pool, rows[i].user, &found);
        size_t scopes;

        row_expect(verdict.reason == rows[i].reason, "%s", rows[i].user);
        if (verdict.reason != BEARER_ACCEPTED)
            continue;
        assert_string_equal(found.identity.user, rows[i].user);
        assert_ptr_not_equal(found.identity.user, rows[i].user);
        assert_null(found.identity.issuer);
        assert_int_equal(bearer_json_kind_of(found.identity.claims->json), BEARER_JSON_OBJECT);
        assert_null(bearer_json_member(found.identity.claims->json, "sub"));
        assert_null(bearer_json_member(found.identity.claims->json, ""));
        bearer_identity_scopes(test_pool, &found.identity, &scopes);
        assert_int_equal(scopes, 0);
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(good_tokens), TEST(each_rule_alone), TEST(all_pairs), TEST(names), TEST(vouched),
    };

    return tests_run(tests);
}
