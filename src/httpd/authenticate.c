#include "bearer/authenticate.h"
#include "bearer/locate.h"
#include "bearer/private.h"
#include "bearer/provider.h"

#include <http_core.h>
#include <http_request.h>
#include <apr_strings.h>

/* The first provider to whose kind the token belongs decides. */
static bearer_verdict judge(request_rec *r, const bearer_conf *conf, bearer_span token,
                            bearer_findings *found)
{
    bearer_verdict verdict = { BEARER_TOKEN_MALFORMED, "no provider takes it" };

    for (const bearer_provider *const *one = conf->providers; *one != NULL; one++)
        if (bearer_provider_judge(*one, r, conf, token, found, &verdict))
            break;
    return verdict;
}

bearer_verdict bearer_authenticate_token(request_rec *r, const bearer_conf *conf, bearer_span token)
{
    bearer_request *request = bearer_request_get(r);
    bearer_verdict verdict;

    request->findings = (bearer_findings){ .trust = NULL };
    if (token.len > (size_t)conf->max_size)
        bearer_refuse(&verdict, BEARER_TOKEN_TOO_LARGE, "longer than AuthBearerMaxTokenSize");
    else
        verdict = judge(r, conf, token, &request->findings);
    return verdict;
}

/* AuthBearerAuthoritative Off: what is no token of our issuers, and none that a provider of another
 * module knows, may be a credential of yet another one. */
static bool is_ours(request_rec *r, const bearer_conf *conf, bearer_span token,
                    bearer_verdict verdict)
{
    if (verdict.reason == BEARER_ACCEPTED || conf->authoritative
        || verdict.reason == BEARER_TOKEN_TOO_LARGE
        || bearer_request_get(r)->findings.provider != NULL)
        return true;
    return conf->trusts != NULL && bearer_token_names(r->pool, token, conf->trusts);
}

static bearer_verdict refuse_unclear(apr_pool_t *pool, const bearer_located *found)
{
    bearer_verdict verdict = { .reason = BEARER_REQUEST_MALFORMED };

    if (found->status == HTTP_REQUEST_ENTITY_TOO_LARGE)
        bearer_refuse(&verdict, BEARER_FORM_TOO_LARGE,
                      found->lost ? "longer than LimitRequestBody" : "longer than 64 KiB");
    else if (found->status != 0)
        verdict.detail = "the body could not be read";
    else if (found->detail != NULL)
        verdict.detail = apr_pstrcat(pool, bearer_place_words(pool, found->place), ": ",
                                     found->detail, NULL);
    return verdict;
}

/* There is something, but not where or as it counts; NULL: nothing is there. */
static const char *complaint_of_none(request_rec *r, const bearer_conf *conf)
{
    const char *field = bearer_locate_field(r), *value = apr_table_get(r->headers_in, field);
    bearer_span ignored;

    if (value == NULL || *value == '\0')
        return NULL;
    if (bearer_credentials_read(bearer_span_of(value), &ignored) != BEARER_FIELD_OTHER)
        return apr_pstrcat(r->pool, field, " is not looked at here (AuthBearerTokenFrom)", NULL);
    if (bearer_offers_basic(conf) && bearer_span_begins_nocase(bearer_span_of(value), "Basic "))
        return apr_pstrcat(r->pool, field, " has no token as password", NULL);
    return apr_pstrcat(r->pool, field, " has another scheme than Bearer, or none", NULL);
}

bearer_verdict bearer_authenticate_located(request_rec *r, const bearer_conf *conf,
                                           const bearer_located *found)
{
    bearer_request *request = bearer_request_get(r);
    bearer_verdict verdict = { .reason = BEARER_NO_TOKEN };

    request->presented = found->field != BEARER_FIELD_OTHER;
    if (!request->presented) {
        verdict.detail = complaint_of_none(r, conf);
        return verdict;
    }
    if (bearer_located_in_field(found))
        request->field = apr_table_get(r->headers_in, bearer_locate_field(r));
    if (found->field != BEARER_FIELD_TOKEN)
        return refuse_unclear(r->pool, found);
    if (found->user != NULL && !bearer_credentials_b64token(found->token)) {
        bearer_refuse(&verdict, BEARER_TOKEN_MALFORMED, "the password is no token");
        return verdict;
    }
    verdict = bearer_authenticate_token(r, conf, found->token);
    if (verdict.reason == BEARER_ACCEPTED && found->user != NULL)
        bearer_basic_agrees(found->user, request->findings.identity.user, &verdict);
    return verdict;
}

int bearer_authenticate(request_rec *r, const bearer_conf *conf, bearer_mode mode)
{
    bearer_located found = bearer_locate(r, conf);
    bearer_verdict verdict;
    int status;

    if (found.field == BEARER_FIELD_OTHER && mode == BEARER_BESIDE)
        return DECLINED;
    verdict = bearer_authenticate_located(r, conf, &found);
    status = bearer_request_conclude(r, verdict, found.token);
    if (status == OK) {
        r->ap_auth_type = (char *)"Bearer";
        if (!bearer_located_in_field(&found))
            bearer_private_answer(r);
        return OK;
    }
    if (found.field == BEARER_FIELD_TOKEN && !is_ours(r, conf, found.token, verdict))
        return DECLINED;
    return found.status != 0 ? found.status : status;
}
