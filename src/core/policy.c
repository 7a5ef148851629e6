#include "bearer/policy.h"

#include <apr_strings.h>

/* Paths of one step, compiled by hand. */
#define STEP(name) { name, (const char *const[]){ name, NULL }, false }

static const bearer_path sub = STEP("sub"), client = STEP("client_id");
static const bearer_path scope = STEP("scope"), scp = STEP("scp");

const bearer_path *const bearer_default_users[] = { &sub, &client, NULL };
const bearer_path *const bearer_default_scopes[] = { &scope, &scp, NULL };

static bool refuse_by(apr_pool_t *pool, bearer_verdict *refused, bearer_reason reason,
                      const char *what, int64_t seconds)
{
    return bearer_refuse(refused, reason,
                         apr_psprintf(pool, "%s %" APR_INT64_T_FMT " s", what, seconds));
}

static bool times_hold(apr_pool_t *pool, const bearer_policy *policy, const bearer_claims *claims,
                       int64_t now, bearer_verdict *refused)
{
    int64_t leeway = policy->leeway;

    if (claims->exp_found != BEARER_PRESENT)
        return bearer_refuse(refused, BEARER_CLAIM_MALFORMED, "exp is absent");
    if (now >= claims->exp + leeway)
        return refuse_by(pool, refused, BEARER_EXPIRED, "exp has passed by", now - claims->exp);
    if (claims->nbf_found == BEARER_PRESENT && now < claims->nbf - leeway)
        return refuse_by(pool, refused, BEARER_NOT_YET_VALID, "nbf is ahead by", claims->nbf - now);
    if (claims->iat_found == BEARER_PRESENT && claims->iat > now + leeway)
        return refuse_by(pool, refused, BEARER_NOT_YET_VALID, "iat is ahead by", claims->iat - now);
    if (policy->max_age > 0 && claims->iat_found != BEARER_PRESENT)
        return bearer_refuse(refused, BEARER_TOO_OLD, "iat is absent");
    if (policy->max_age > 0 && now - claims->iat > policy->max_age)
        return refuse_by(pool, refused, BEARER_TOO_OLD, "was issued before", now - claims->iat);
    return true;
}

static bool audience_among(const bearer_json *audience, const char *const *accepted)
{
    bearer_span name;

    for (size_t i = 0; audience != NULL && bearer_json_strings_at(audience, i, &name); i++)
        for (const char *const *one = accepted; *one != NULL; one++)
            if (bearer_span_is(name, *one))
                return true;
    return false;
}

/* The issuer's own line speaks first; what it leaves open the location says. */
static bool audience_holds(apr_pool_t *pool, const bearer_policy *policy,
                           const bearer_issuer *issuer, const bearer_claims *claims,
                           bearer_verdict *refused)
{
    bool own = issuer->any_audience || issuer->audiences != NULL;
    const char *const *accepted = own ? issuer->audiences : policy->audiences;

    if (own ? issuer->any_audience : policy->any_audience)
        return true;
    if (accepted == NULL || *accepted == NULL)
        return bearer_refuse(refused, BEARER_NOT_CONFIGURED,
                             "no audience is configured for the issuer");
    if (claims->audience == NULL)
        return bearer_refuse(refused, BEARER_AUDIENCE_WRONG, "aud is absent");
    if (!audience_among(claims->audience, accepted)) {
        bearer_span first = { "", 0 };

        bearer_json_strings_at(claims->audience, 0, &first);
        return bearer_refuse(refused, BEARER_AUDIENCE_WRONG,
                             apr_psprintf(pool,
                                          "aud names others: \"%s\", and wanted is \"%s\"%s",
                                          bearer_span_loggable(pool, first), accepted[0],
                                          accepted[1] != NULL ? " or another" : ""));
    }
    return true;
}

/* The first claim of the list that is there decides, also when it is unfit: a fallback would give
 * one person two names. */
static bool user_found(apr_pool_t *pool, const bearer_policy *policy, const bearer_issuer *issuer,
                       const bearer_claims *claims, bearer_identity *identity,
                       bearer_verdict *refused)
{
    const bearer_path *const *paths = issuer->users != NULL ? issuer->users : policy->users;

    for (; paths != NULL && *paths != NULL; paths++) {
        const bearer_json *value = bearer_path_find(*paths, claims->json);
        bearer_span name = bearer_json_text(value);

        if (value == NULL)
            continue;
        if (name.len == 0 || bearer_span_has_control(name))
            return bearer_refuse(refused, BEARER_USER_MISSING,
                                 "the user claim is no string, empty, or holds control characters");
        identity->user = apr_pstrmemdup(pool, name.ptr, name.len);
        if (issuer->user_prefix != NULL && *issuer->user_prefix != '\0')
            identity->user = apr_pstrcat(pool, issuer->user_prefix, identity->user, NULL);
        return true;
    }
    return bearer_refuse(refused, BEARER_USER_MISSING, "no user claim is present");
}

bool bearer_policy_check(apr_pool_t *pool, const bearer_policy *policy, const bearer_issuer *issuer,
                         const bearer_claims *claims, int64_t now, bearer_identity *identity,
                         bearer_verdict *refused)
{
    bearer_identity found = { .claims = claims, .issuer = issuer->name };

    if (!bearer_identity_read_scopes(pool, policy->scopes, &found))
        return bearer_refuse(refused, BEARER_CLAIM_MALFORMED, "the scope claim");
    if (!times_hold(pool, policy, claims, now, refused)
        || !audience_holds(pool, policy, issuer, claims, refused))
        return false;
    if ((issuer->types.kinds & BEARER_TYPE_ID) == 0 && claims->other_token)
        return bearer_refuse(refused, BEARER_TYPE_WRONG, "an ID or other token, no access token");
    if (claims->bound)
        return bearer_refuse(refused, BEARER_BINDING_UNCHECKED, NULL);
    if (!user_found(pool, policy, issuer, claims, &found, refused))
        return false;
    *identity = found;
    return true;
}
