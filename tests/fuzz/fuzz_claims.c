/* Input: one byte of switches, one of leeway, a payload. Property: what the policy lets pass has an
 * exp that is a number and not over, no nbf or iat ahead, an audience of ours unless any will do,
 * no cnf, a user that is not empty and free of control bytes, and distinct scopes; all as jansson
 * alone reads the same text. What it does not let pass has a reason. */
#include <jansson.h>

#include "fuzz.h"
#include "bearer/json_text.h"
#include "bearer/policy.h"

#define NOW 1700000100
#define LAST_SECOND 253402300799.0

enum { ANY_AUDIENCE = 1, MAX_AGE = 2, ID_TOKENS = 4, PREFIX = 8, OWN_AUDIENCE = 16 };

static const char *const audiences[] = { "api", "https://api.example", NULL };
static const char *const own_audiences[] = { "own", NULL };
static const bearer_path *users[3], *scopes[3];

static void make_paths(void)
{
    static apr_pool_t *kept;

    if (kept != NULL)
        return;
    kept = fuzz_pool();
    must(bearer_path_make(kept, "sub", &users[0]) == NULL);
    must(bearer_path_make(kept, "/client/0/id", &users[1]) == NULL);
    must(bearer_path_make(kept, "scope", &scopes[0]) == NULL);
    must(bearer_path_make(kept, "realm.roles", &scopes[1]) == NULL);
}

/* A time that is there is a number in range; *value is set if so. */
static bool has_time(const json_t *payload, const char *name, double *value)
{
    const json_t *member = json_object_get(payload, name);

    if (member == NULL)
        return false;
    must(json_is_number(member));
    *value = json_number_value(member);
    must(*value >= 0 && *value <= LAST_SECOND);
    return true;
}

static void check_times(const json_t *payload, const bearer_policy *policy)
{
    double exp, other;

    must(has_time(payload, "exp", &exp));
    must(NOW < exp + policy->leeway);
    if (has_time(payload, "nbf", &other))
        must(NOW + policy->leeway >= (double)(int64_t)other);
    if (has_time(payload, "iat", &other))
        must(NOW + policy->leeway >= (double)(int64_t)other);
    else
        must(policy->max_age == 0);
    if (policy->max_age != 0)
        must(NOW - other < policy->max_age + policy->leeway + 1);
}

static bool same(const json_t *text, const char *word)
{
    return json_string_length(text) == strlen(word) && strcmp(json_string_value(text), word) == 0;
}

static bool names_one(const json_t *aud, const char *const *accepted)
{
    if (json_is_string(aud))
        for (; *accepted != NULL; accepted++)
            if (same(aud, *accepted))
                return true;
    for (size_t i = 0; json_is_array(aud) && i < json_array_size(aud); i++)
        if (names_one(json_array_get(aud, i), accepted))
            return true;
    return false;
}

static void check_identity(apr_pool_t *pool, const bearer_identity *identity, unsigned switches)
{
    const char *user = identity->user;
    const bearer_span *words;
    size_t count;

    must(strcmp(identity->issuer, "https://issuer.example") == 0);
    must(user != NULL);
    if (switches & PREFIX) {
        must(strncmp(user, "idp:", 4) == 0);
        user += 4;
    }
    must(*user != '\0');
    for (; *user != '\0'; user++)
        must((unsigned char)*user >= 0x20 && *user != 0x7f);
    words = bearer_identity_scopes(pool, identity, &count);
    for (size_t i = 0; i < count; i++) {
        bearer_span scope = words[i];

        must(scope.len > 0 && bearer_identity_has_scope(identity, scope));
        for (size_t k = 0; k < i; k++)
            must(words[k].len != scope.len
                 || memcmp(words[k].ptr, scope.ptr, scope.len) != 0);
    }
}

static void check_passed(apr_pool_t *pool, const json_t *payload, const bearer_policy *policy,
                         const bearer_identity *identity, unsigned switches)
{
    static const char *const of_id_tokens[] = { "at_hash", "c_hash", "s_hash" };
    const char *const *accepted = switches & OWN_AUDIENCE ? own_audiences : audiences;

    check_times(payload, policy);
    check_identity(pool, identity, switches);
    must(json_object_get(payload, "cnf") == NULL);
    if ((switches & OWN_AUDIENCE) || !(switches & ANY_AUDIENCE))
        must(names_one(json_object_get(payload, "aud"), accepted));
    for (size_t i = 0; i < 3 && !(switches & ID_TOKENS); i++)
        must(json_object_get(payload, of_id_tokens[i]) == NULL);
}

static void judge(apr_pool_t *pool, const bearer_json *json, const json_t *payload,
                  unsigned switches, int leeway)
{
    bearer_issuer issuer = {
        .name = "https://issuer.example", .user_prefix = switches & PREFIX ? "idp:" : "",
        .types = { .kinds = switches & ID_TOKENS ? BEARER_TYPE_ID : 0 },
        .audiences = switches & OWN_AUDIENCE ? own_audiences : NULL,
    };
    bearer_policy policy = {
        .audiences = audiences, .any_audience = (switches & ANY_AUDIENCE) != 0,
        .users = users, .scopes = scopes, .leeway = leeway, .max_age = switches & MAX_AGE ? 600 : 0,
    };
    bearer_verdict refused = { BEARER_ACCEPTED, NULL };
    bearer_identity identity = { .claims = NULL };
    bearer_claims claims;

    if (!bearer_claims_read(json, &claims, &refused))
        must(refused.reason == BEARER_CLAIM_MALFORMED);
    else if (bearer_policy_check(pool, &policy, &issuer, &claims, NOW, &identity, &refused))
        check_passed(pool, payload, &policy, &identity, switches);
    else
        must(refused.reason < BEARER_ACCEPTED && identity.user == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const bearer_json *json;
    apr_pool_t *pool;
    bearer_span text;
    json_t *payload;

    if (size < 2)
        return 0;
    make_paths();
    pool = fuzz_pool();
    text = fuzz_span(data + 2, size - 2);
    if (bearer_json_read(pool, text, &json) == BEARER_JSON_OK) {
        payload = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
        must(json_is_object(payload));
        judge(pool, json, payload, data[0], data[1]);
        json_decref(payload);
    }
    apr_pool_destroy(pool);
    fuzz_span_free(text);
    return 0;
}
