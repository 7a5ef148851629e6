#include "bearer/authenticate.h"
#include "bearer/locate.h"

#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <ap_provider.h>
#include <mod_auth.h>

APLOG_USE_MODULE(auth_bearer);

/* Names that clients send where only the password matters: GitHub's, and none at all. */
static const char *const placeholders[] = { "bearer", "x-access-token", "" };

void bearer_basic_agrees(const char *sent, const char *user, bearer_verdict *verdict)
{
    for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++)
        if (strcmp(sent, placeholders[i]) == 0)
            return;
    if (strcmp(sent, user) != 0)
        bearer_refuse(verdict, BEARER_USER_MISSING,
                      "the user name beside the token is another one");
}

/* mod_auth_form has passwords too, and would keep a token in its session. */
static bool is_basic(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type != NULL && ap_cstr_casecmp(type, "Basic") == 0;
}

/* mod_auth_basic has put the name that was sent into r->user already; ours replaces it only when
 * all is proven. */
static authn_status check_password(request_rec *r, const char *user, const char *password)
{
    const bearer_conf *conf = bearer_conf_get(r);
    bearer_request *request = bearer_request_get(r);
    bearer_span token = bearer_span_of(password);
    bearer_verdict verdict;
    int status;

    if (!is_basic(r) || !bearer_token_is_jwt(token))
        return AUTH_USER_NOT_FOUND;
    request->presented = request->by_password = true;
    request->field = apr_table_get(r->headers_in, bearer_locate_field(r));
    verdict = bearer_authenticate_token(r, conf, token);
    if (verdict.reason == BEARER_ACCEPTED)
        bearer_basic_agrees(user, request->findings.identity.user, &verdict);
    status = bearer_request_conclude(r, verdict, token);
    if (status == OK)
        return AUTH_GRANTED;
    return status == HTTP_SERVICE_UNAVAILABLE ? AUTH_GENERAL_ERROR : AUTH_DENIED;
}

static const authn_provider provider = { check_password, NULL };

void bearer_basic_register(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHN_PROVIDER_GROUP, "bearer", AUTHN_PROVIDER_VERSION,
                              &provider, AP_AUTH_INTERNAL_PER_CONF);
}
