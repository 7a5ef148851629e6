#include "bearer/modes.h"
#include "bearer/authenticate.h"
#include "bearer/whatif.h"

#include <http_core.h>
#include <http_log.h>
#include <apr_atomic.h>
#include <apr_strings.h>

APLOG_USE_MODULE(auth_bearer);

/* For LogFormat's %{...}n. No variable: programs must not take it for an authentication. */
#define REPORT_NOTE "bearer_report"

static volatile apr_uint32_t reported;

static bool has(const request_rec *r, const char *field)
{
    const char *value = apr_table_get(r->headers_in, field);

    return value != NULL && *value != '\0';
}

/* Fetch standard, section 4.8: a browser sends them without any credentials, but for those of a
 * forward proxy. */
static bool is_preflight(const request_rec *r)
{
    return r->method_number == M_OPTIONS && r->proxyreq != PROXYREQ_PROXY && has(r, "Origin")
        && has(r, "Access-Control-Request-Method") && !has(r, "Authorization");
}

bool bearer_mode_may_let(request_rec *r, const bearer_conf *conf, bearer_mode mode)
{
    return mode >= BEARER_BESIDE && (conf->report || (conf->preflight && is_preflight(r)));
}

/* A password of Basic or Digest is that module's, and so are the sessions of mod_auth_form. */
static bool is_left_to_others(request_rec *r, bearer_mode mode)
{
    const char *type = ap_auth_type(r);

    return mode == BEARER_BESIDE
        && (has(r, bearer_locate_field(r)) || type == NULL
            || (ap_cstr_casecmp(type, "Basic") != 0 && ap_cstr_casecmp(type, "Digest") != 0));
}

/* What the rules would have said to an accepted token. */
static void judge_rules(request_rec *r, bearer_request *request)
{
    bearer_whatif missing;

    request->identity = &request->findings.identity;
    r->user = apr_pstrdup(r->pool, request->identity->user);
    if (!bearer_whatif_passes(r, request)) {
        missing = bearer_whatif_ask(r, request);
        request->verdict = bearer_whatif_verdict(r, request, &missing);
    }
}

/* Nothing of it stays: neither user nor claims, nor a mark that a handler could take for one. */
static void judge_aside(request_rec *r, const bearer_conf *conf, const bearer_located *found)
{
    bearer_request *request = bearer_request_get(r);
    apr_uint32_t count;

    request->reporting = true;
    request->token = found->token;
    request->verdict = bearer_authenticate_located(r, conf, found);
    if (request->verdict.reason == BEARER_ACCEPTED)
        judge_rules(r, request);
    bearer_request_log(r, request);
    apr_table_setn(r->notes, REPORT_NOTE, bearer_reason_name(request->verdict.reason));
    if (request->verdict.reason != BEARER_ACCEPTED) {
        count = apr_atomic_inc32(&reported) + 1;
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r,
                      "AB0105: %u requests of this process would have been refused", count);
    }
    r->user = NULL;
    request->identity = NULL;
    request->findings = (bearer_findings){ .trust = NULL };
    request->verdict = (bearer_verdict){ .reason = BEARER_NO_TOKEN };
    request->presented = request->reporting = false;
}

static int report(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status)
{
    bearer_located found = bearer_locate(r, conf);
    bool presented = found.field != BEARER_FIELD_OTHER;

    if (!presented && is_left_to_others(r, mode))
        return status;
    if (found.lost) {               /* no handler may take what is left of it for the request */
        bearer_request_conclude(r, bearer_authenticate_located(r, conf, &found), found.token);
        return found.status;
    }
    if (status != OK || (conf->optional && presented))
        judge_aside(r, conf, &found);
    return OK;
}

int bearer_mode_let(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status)
{
    bearer_request *request = bearer_request_get(r);

    if (status != OK && status != DECLINED && !(status == HTTP_FORBIDDEN && request->asked))
        return status;
    if (conf->report && !(conf->preflight && is_preflight(r)))
        status = report(r, conf, mode, status);
    else
        status = OK;
    request->let = status == OK;
    return status;
}

bool bearer_mode_wants_authn(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);

    return conf->optional && bearer_mode_of(r, conf) >= BEARER_BESIDE
        && bearer_locate(r, conf).field != BEARER_FIELD_OTHER;
}
