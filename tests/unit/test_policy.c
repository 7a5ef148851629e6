#include <stdio.h>
#include "support.h"
#include "bearer/policy.h"

#define NOW INT64_C(1000000)
#define LEEWAY 30
#define MAX_AGE 600

static const test_member good[] = {
    { "iss", "\"https://issuer.example/\"" }, { "sub", "\"alice\"" }, { "aud", "\"api\"" },
    { "exp", "1000300" }, { "nbf", "999990" }, { "iat", "999990" }, { "scope", "\"read write\"" },
    { NULL, NULL }
};

/* Each breaks one rule alone. order: the place of the rule in the list of rules, which decides
 * between two. */
static const struct {
    const char *name;
    int order;
    bearer_reason reason;
    test_member edits[3];
} breaks[] = {
    { "exp is a string", 80, BEARER_CLAIM_MALFORMED, { { "exp", "\"1000300\"" } } },
    { "exp is null", 80, BEARER_CLAIM_MALFORMED, { { "exp", "null" } } },
    { "exp is negative", 80, BEARER_CLAIM_MALFORMED, { { "exp", "-1" } } },
    { "exp is beyond all years", 80, BEARER_CLAIM_MALFORMED, { { "exp", "1e300" } } },
    { "nbf is a string", 80, BEARER_CLAIM_MALFORMED, { { "nbf", "\"0\"" } } },
    { "iat is a string", 80, BEARER_CLAIM_MALFORMED, { { "iat", "\"0\"" } } },
    { "aud is a number", 80, BEARER_CLAIM_MALFORMED, { { "aud", "5" } } },
    { "aud holds a number", 80, BEARER_CLAIM_MALFORMED, { { "aud", "[\"api\",5]" } } },
    { "sub is a number", 80, BEARER_CLAIM_MALFORMED, { { "sub", "5" } } },
    { "jti is a number", 80, BEARER_CLAIM_MALFORMED, { { "jti", "5" } } },
    { "scope is a number", 80, BEARER_CLAIM_MALFORMED, { { "scope", "5" } } },
    { "scp holds a number", 80, BEARER_CLAIM_MALFORMED, { { "scp", "[\"a\",5]" } } },
    { "exp is absent", 90, BEARER_CLAIM_MALFORMED, { { "exp", NULL } } },
    { "exp has passed", 91, BEARER_EXPIRED, { { "exp", "999970" } } },
    { "exp is 0", 91, BEARER_EXPIRED, { { "exp", "0" } } },
    { "nbf is to come", 92, BEARER_NOT_YET_VALID, { { "nbf", "1000031" } } },
    { "iat is to come", 92, BEARER_NOT_YET_VALID, { { "iat", "1000031" } } },
    { "iat is long ago", 93, BEARER_TOO_OLD, { { "iat", "990000" } } },
    { "iat is absent", 93, BEARER_TOO_OLD, { { "iat", NULL } } },
    { "aud names another", 94, BEARER_AUDIENCE_WRONG, { { "aud", "\"other\"" } } },
    { "aud names others", 94, BEARER_AUDIENCE_WRONG,
      { { "aud", "[\"other\",\"apis\",\"ap\",\"API\"]" } } },
    { "aud is empty", 94, BEARER_AUDIENCE_WRONG, { { "aud", "[]" } } },
    { "aud is the empty string", 94, BEARER_AUDIENCE_WRONG, { { "aud", "\"\"" } } },
    { "aud is absent", 94, BEARER_AUDIENCE_WRONG, { { "aud", NULL } } },
    { "aud is a list of words", 94, BEARER_AUDIENCE_WRONG, { { "aud", "\"api other\"" } } },
    { "an ID token of Keycloak", 100, BEARER_TYPE_WRONG, { { "typ", "\"ID\"" } } },
    { "a refresh token", 100, BEARER_TYPE_WRONG, { { "typ", "\"Refresh\"" } } },
    { "an offline token", 100, BEARER_TYPE_WRONG, { { "typ", "\"Offline\"" } } },
    { "a logout token", 100, BEARER_TYPE_WRONG, { { "typ", "\"Logout\"" } } },
    { "an ID token of Cognito", 100, BEARER_TYPE_WRONG, { { "token_use", "\"id\"" } } },
    { "at_hash", 100, BEARER_TYPE_WRONG, { { "at_hash", "\"x\"" } } },
    { "c_hash", 100, BEARER_TYPE_WRONG, { { "c_hash", "\"x\"" } } },
    { "s_hash is null", 100, BEARER_TYPE_WRONG, { { "s_hash", "null" } } },
    { "cnf with jkt", 110, BEARER_BINDING_UNCHECKED, { { "cnf", "{\"jkt\":\"x\"}" } } },
    { "cnf is empty", 110, BEARER_BINDING_UNCHECKED, { { "cnf", "{}" } } },
    { "cnf is null", 110, BEARER_BINDING_UNCHECKED, { { "cnf", "null" } } },
    { "no user", 120, BEARER_USER_MISSING, { { "sub", NULL } } },
    { "the user is empty", 120, BEARER_USER_MISSING, { { "sub", "\"\"" } } },
    { "the user holds a line end", 120, BEARER_USER_MISSING, { { "sub", "\"a\\nb\"" } } },
    { "the user holds DEL", 120, BEARER_USER_MISSING, { { "sub", "\"a\\u007f\"" } } },
    { "the user is empty, client_id is not", 120, BEARER_USER_MISSING,
      { { "sub", "\"\"" }, { "client_id", "\"c\"" } } },
};

static const bearer_path *const *paths(const char *a, const char *b)
{
    const bearer_path **list = apr_pcalloc(test_pool, sizeof(*list) * 3);

    assert_null(bearer_path_make(test_pool, a, &list[0]));
    if (b != NULL)
        assert_null(bearer_path_make(test_pool, b, &list[1]));
    return list;
}

static bearer_issuer plain_issuer(void)
{
    return (bearer_issuer){
        .name = "https://issuer.example/", .user_prefix = "",
        .types.kinds = BEARER_TYPE_ABSENT | BEARER_TYPE_JWT | BEARER_TYPE_AT,
    };
}

static bearer_policy plain_policy(void)
{
    static const char *const audiences[] = { "first", "api", NULL };

    return (bearer_policy){
        .audiences = audiences, .leeway = LEEWAY, .max_age = MAX_AGE,
        .users = paths("sub", "client_id"), .scopes = paths("scope", "scp"),
    };
}

static bearer_reason judge(const bearer_policy *policy, const bearer_issuer *issuer,
                           const char *payload,
                           bearer_identity *identity)
{
    bearer_claims *claims = apr_palloc(test_pool, sizeof(*claims));
    bearer_verdict refused = { .reason = BEARER_NOT_CONFIGURED };

    if (!bearer_claims_read(json_of(payload), claims, &refused)
        || !bearer_policy_check(test_pool, policy, issuer, claims, NOW, identity, &refused))
        return refused.reason;
    return BEARER_ACCEPTED;
}

static bearer_reason judge_edited(const test_member *edits, const test_member *more)
{
    bearer_policy policy = plain_policy();
    bearer_issuer issuer = plain_issuer();
    bearer_identity identity;

    return judge(&policy, &issuer, object_text(good, edits, more), &identity);
}

static void a_good_token(void **state)
{
    bearer_policy policy = plain_policy();
    bearer_issuer issuer = plain_issuer();
    bearer_identity identity;
    size_t count;

    (void)state;
    assert_int_equal(judge(&policy, &issuer, object_text(good, NULL, NULL), &identity),
                     BEARER_ACCEPTED);
    assert_string_equal(identity.user, "alice");
    assert_string_equal(identity.issuer, "https://issuer.example/");
    bearer_identity_scopes(test_pool, &identity, &count);
    assert_int_equal(count, 2);
    assert_true(bearer_identity_has_scope(&identity, SPAN("write")));
    assert_non_null(identity.claims);
}

static void each_rule_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(breaks); i++) {
        bearer_reason reason = judge_edited(breaks[i].edits, NULL);

        row_expect(reason == breaks[i].reason, "%s gives %s", breaks[i].name,
                   bearer_reason_name(reason));
    }
    rows_end();
}

static void pairs_give_the_earlier_reason(void **state)
{
    size_t pairs = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(breaks); i++)
        for (size_t j = i + 1; j < COUNT(breaks); j++) {
            bearer_reason reason;

            if (members_meet(breaks[i].edits, breaks[j].edits))
                continue;
            reason = judge_edited(breaks[i].edits, breaks[j].edits);
            row_expect(reason == breaks[i].reason, "%s and %s give %s", breaks[i].name,
                       breaks[j].name,
                       bearer_reason_name(reason));
            assert_true(breaks[i].order <= breaks[j].order);
            pairs++;
        }
    assert_true(pairs > 500);
    rows_end();
}

/* What stands next to each limit, on both sides. */
static const struct { test_member edits[3]; int leeway,
                      max_age; bearer_reason reason; } limits[] = {
    { { { "exp", "999971" } }, 30, 0, BEARER_ACCEPTED },
    { { { "exp", "999970" } }, 30, 0, BEARER_EXPIRED },
    { { { "exp", "999970.9" } }, 30, 0, BEARER_EXPIRED },
    { { { "exp", "1000001" } }, 0, 0, BEARER_ACCEPTED },
    { { { "exp", "1000000" } }, 0, 0, BEARER_EXPIRED },
    { { { "exp", "999701" } }, 300, 0, BEARER_ACCEPTED },
    { { { "exp", "999700" } }, 300, 0, BEARER_EXPIRED },
    { { { "exp", "253402300799" } }, 300, 0, BEARER_ACCEPTED },
    { { { "nbf", "1000030" } }, 30, 0, BEARER_ACCEPTED },
    { { { "nbf", "1000031" } }, 30, 0, BEARER_NOT_YET_VALID },
    { { { "nbf", "1000000" } }, 0, 0, BEARER_ACCEPTED },
    { { { "nbf", "1000001" } }, 0, 0, BEARER_NOT_YET_VALID },
    { { { "nbf", "0" } }, 300, 0, BEARER_ACCEPTED },
    { { { "nbf", "253402300799" } }, 300, 0, BEARER_NOT_YET_VALID },
    { { { "nbf", NULL } }, 0, 0, BEARER_ACCEPTED },
    { { { "iat", "1000030" } }, 30, 0, BEARER_ACCEPTED },
    { { { "iat", "1000031" } }, 30, 0, BEARER_NOT_YET_VALID },
    { { { "iat", "1000000" } }, 0, 0, BEARER_ACCEPTED },
    { { { "iat", "1000001" } }, 0, 0, BEARER_NOT_YET_VALID },
    { { { "iat", "253402300799" } }, 300, 600, BEARER_NOT_YET_VALID },
    { { { "iat", NULL } }, 0, 0, BEARER_ACCEPTED },
    { { { "iat", NULL } }, 0, 1, BEARER_TOO_OLD },
    { { { "iat", "999400" } }, 0, 600, BEARER_ACCEPTED },
    { { { "iat", "999399" } }, 0, 600, BEARER_TOO_OLD },
    { { { "iat", "0" } }, 0, 600, BEARER_TOO_OLD },
    { { { "iat", "0" } }, 0, 0, BEARER_ACCEPTED },
    /* leeway or not: longer ago than both */
    { { { "iat", "999369" } }, 30, 600, BEARER_TOO_OLD },
    { { { "iat", "999400" } }, 30, 600, BEARER_ACCEPTED },
    { { { "iat", "0" } }, 0, 2147483647, BEARER_ACCEPTED },
};

static void limits_to_the_second(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        bearer_policy policy = plain_policy();
        bearer_issuer issuer = plain_issuer();
        bearer_identity identity;
        bearer_reason reason;

        policy.leeway = limits[i].leeway;
        policy.max_age = limits[i].max_age;
        reason = judge(&policy, &issuer, object_text(good, limits[i].edits, NULL), &identity);
        row_expect(reason == limits[i].reason, "%s %s, leeway %d, age %d gives %s",
                   limits[i].edits[0].name,
                   limits[i].edits[0].value != NULL ? limits[i].edits[0].value : "absent",
                   limits[i].leeway,
                   limits[i].max_age, bearer_reason_name(reason));
    }
    rows_end();
}

static const char *const nobody[] = { NULL }, *const mine[] = { "mine", NULL };
static const char *const any_word[] = { "any", NULL };

static const struct {
    const char *name;
    const char *const *own; bool own_any; const char *const *local; bool local_any;
    const char *aud; bearer_reason reason;
} audiences[] = {
    { "nobody says", NULL, false, NULL, false, "\"api\"", BEARER_NOT_CONFIGURED },
    { "an empty list", NULL, false, nobody, false, "\"api\"", BEARER_NOT_CONFIGURED },
    { "nobody says, none in the token", NULL, false, NULL, false, NULL, BEARER_NOT_CONFIGURED },
    { "the location", NULL, false, mine, false, "\"mine\"", BEARER_ACCEPTED },
    { "the location, in a list", NULL, false, mine, false, "[\"x\",\"mine\"]", BEARER_ACCEPTED },
    { "the issuer's line", mine, false, NULL, false, "\"mine\"", BEARER_ACCEPTED },
    { "the issuer's line before the location", mine, false, any_word, false, "\"any\"",
      BEARER_AUDIENCE_WRONG },
    { "the issuer's line before any", mine, false, NULL, true, "\"other\"", BEARER_AUDIENCE_WRONG },
    { "the issuer's any before the location", NULL, true, mine, false, "\"other\"",
      BEARER_ACCEPTED },
    { "any at the location", NULL, false, NULL, true, "\"other\"", BEARER_ACCEPTED },
    { "any, none in the token", NULL, false, NULL, true, NULL, BEARER_ACCEPTED },
    { "any, an empty list in the token", NULL, true, NULL, false, "[]", BEARER_ACCEPTED },
    { "any, but malformed", NULL, true, NULL, true, "5", BEARER_CLAIM_MALFORMED },
    { "a token for any", NULL, false, mine, false, "\"any\"", BEARER_AUDIENCE_WRONG },
};

static void who_names_the_audience(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(audiences); i++) {
        bearer_policy policy = plain_policy();
        bearer_issuer issuer = plain_issuer();
        bearer_identity identity;
        test_member aud[] = { { "aud", audiences[i].aud }, { NULL, NULL } };
        bearer_reason reason;

        issuer.audiences = audiences[i].own;
        issuer.any_audience = audiences[i].own_any;
        policy.audiences = audiences[i].local;
        policy.any_audience = audiences[i].local_any;
        reason = judge(&policy, &issuer, object_text(good, aud, NULL), &identity);
        row_expect(reason == audiences[i].reason, "%s gives %s", audiences[i].name,
                   bearer_reason_name(reason));
    }
    rows_end();
}

/* Edits that are refused as no access token, and are welcome with types=id; and some that always
 * are. */
static void kinds_of_token(void **state)
{
    static const test_member access[][2] = {
        { { "typ", "\"Bearer\"" } }, { { "typ", "\"IDX\"" } }, { { "typ", "5" } },
        { { "token_use", "\"access\"" } },
        { { "nonce", "\"n\"" } },    { { "at_hash_", "\"x\"" } },
    };
    bearer_policy policy = plain_policy();
    bearer_issuer issuer = plain_issuer();
    bearer_identity identity;

    (void)state;
    issuer.types.kinds |= BEARER_TYPE_ID;
    for (size_t i = 0; i < COUNT(breaks); i++)
        if (breaks[i].reason == BEARER_TYPE_WRONG)
            row_expect(judge(&policy, &issuer, object_text(good, breaks[i].edits, NULL), &identity)
                       == BEARER_ACCEPTED, "types=id: %s", breaks[i].name);
    for (size_t i = 0; i < COUNT(access); i++)
        row_expect(judge_edited(access[i], NULL) == BEARER_ACCEPTED, "%s %s", access[i][0].name,
                   access[i][0].value);
    rows_end();
}

static const struct {
    /* user claims of the issuer's line and of the location */
    const char *own, *local, *prefix;
    test_member edits[4]; const char *user; /* NULL: user_missing */
} users[] = {
    { NULL, "sub", "", { { NULL, NULL } }, "alice" },
    { NULL, "client_id", "", { { "client_id", "\"c\"" } }, "c" },
    { NULL, "email", "", { { NULL, NULL } }, NULL },
    { "email", "sub", "", { { "email", "\"a@x\"" } }, "a@x" },
    { "email", "sub", "", { { NULL, NULL } }, NULL },
    { NULL, "sub", "kc:", { { NULL, NULL } }, "kc:alice" },
    { NULL, "sub", "kc:", { { "sub", "\"\"" } }, NULL },
    { NULL, "/x~1y/z", "", { { "x/y", "{\"z\":\"deep\"}" } }, "deep" },
    { NULL, "x.y", "", { { "x", "{\"y\":5}" } }, NULL },
    { NULL, "x", "", { { "x", "true" } }, NULL },
    { NULL, "x", "", { { "x", "null" } }, NULL },
    { NULL, "x", "", { { "x", "[\"a\"]" } }, NULL },
    { NULL, "sub", "", { { "sub", "\"a\\tb\"" } }, NULL },
    { NULL, "sub", "", { { "sub", "\"\\u001f\"" } }, NULL },
    { NULL, "sub", "", { { "sub", "\"auth0|1 2:\xc3\xa9\"" } }, "auth0|1 2:\xc3\xa9" },
};

static void who_the_user_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(users); i++) {
        bearer_policy policy = plain_policy();
        bearer_issuer issuer = plain_issuer();
        bearer_identity identity = { .user = NULL };
        bearer_reason reason;

        policy.users = paths(users[i].local, NULL);
        if (users[i].own != NULL)
            issuer.users = paths(users[i].own, NULL);
        issuer.user_prefix = users[i].prefix;
        reason = judge(&policy, &issuer, object_text(good, users[i].edits, NULL), &identity);
        row_expect(reason == (users[i].user != NULL ? BEARER_ACCEPTED : BEARER_USER_MISSING),
                   "row %zu gives %s",
                   i, bearer_reason_name(reason));
        if (reason == BEARER_ACCEPTED && users[i].user != NULL)
            row_expect(strcmp(identity.user, users[i].user) == 0, "row %zu: user %s", i,
                       identity.user);
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_good_token), TEST(each_rule_alone), TEST(pairs_give_the_earlier_reason),
        TEST(limits_to_the_second), TEST(who_names_the_audience), TEST(kinds_of_token),
        TEST(who_the_user_is),
    };

    return tests_run(tests);
}
