#include "bearer/authenticate.h"
#include "bearer/locate.h"
#include "bearer/provider.h"

#include <http_core.h>
#include <http_request.h>

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

int bearer_authenticate(request_rec *r, const bearer_conf *conf, bearer_mode mode)
{
    bearer_request *request = bearer_request_get(r);
    bearer_span token = { NULL, 0 };
    bearer_field found = bearer_locate(r, conf, &token);
    bearer_verdict verdict = { .reason = BEARER_NO_TOKEN };
    int status;

    if (found == BEARER_FIELD_OTHER && mode == BEARER_BESIDE)
        return DECLINED;
    request->presented = found != BEARER_FIELD_OTHER;
    if (request->presented)
        request->field = apr_table_get(r->headers_in, bearer_locate_field(r));
    if (found == BEARER_FIELD_MALFORMED)
        verdict.reason = BEARER_REQUEST_MALFORMED;
    if (found == BEARER_FIELD_TOKEN)
        verdict = bearer_authenticate_token(r, conf, token);
    status = bearer_request_conclude(r, verdict, token);
    if (status == OK)
        r->ap_auth_type = (char *)"Bearer";
    else if (found == BEARER_FIELD_TOKEN && !is_ours(r, conf, token, verdict))
        return DECLINED;
    return status;
}
