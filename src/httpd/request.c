#include "bearer/request.h"
#include "bearer/identity.h"

#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <apr_strings.h>
#include <openssl/evp.h>

APLOG_USE_MODULE(auth_bearer);

bearer_request *bearer_request_find(request_rec *r)
{
    return ap_get_module_config(r->request_config, &auth_bearer_module);
}

bearer_request *bearer_request_get(request_rec *r)
{
    bearer_request *request = bearer_request_find(r);

    if (request == NULL) {
        request = apr_pcalloc(r->pool, sizeof(*request));
        ap_set_module_config(r->request_config, &auth_bearer_module, request);
    }
    return request;
}

request_rec *bearer_request_before(const request_rec *r)
{
    return r->prev != NULL ? r->prev : r->main;
}

request_rec *bearer_request_origin(request_rec *r)
{
    for (request_rec *one = r; one != NULL; one = bearer_request_before(one))
        r = one;
    return r;
}

static bearer_mode find_mode(request_rec *r, const bearer_conf *conf)
{
    const char *type = ap_auth_type(r);

    if (type != NULL && ap_cstr_casecmp(type, "Bearer") == 0)
        return BEARER_ALONE;
    if (conf->enabled)
        return type == NULL || ap_cstr_casecmp(type, "None") == 0 ? BEARER_ALONE : BEARER_BESIDE;
    if (type == NULL)
        return conf->trusts != NULL ? BEARER_WITHIN : BEARER_IDLE;
    return ap_cstr_casecmp(type, "Basic") == 0 ? BEARER_WITHIN : BEARER_IDLE;
}

bearer_mode bearer_mode_of(request_rec *r, const bearer_conf *conf)
{
    bearer_request *request = bearer_request_find(r);
    bearer_mode mode;

    if (request != NULL && request->section == r->per_dir_config)
        return request->mode;
    mode = find_mode(r, conf);
    if (mode != BEARER_IDLE) {
        request = bearer_request_get(r);
        request->section = r->per_dir_config;
        request->mode = mode;
    }
    return mode;
}

/* mod_authn_core hands the name out as the inside of a quoted-string, its quotes escaped. */
static const char *unescape(apr_pool_t *pool, const char *text)
{
    char *copy = apr_pstrdup(pool, text), *out = copy;

    for (; *text != '\0'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text++;
        *out++ = *text;
    }
    *out = '\0';
    return copy;
}

const char *bearer_request_realm(request_rec *r)
{
    const char *name = ap_auth_name(r);

    return name != NULL ? unescape(r->pool, name) : r->server->server_hostname;
}

/* Eight hex digits of the token's SHA-256: enough to find it again, nothing to log in with. */
static const char *fingerprint(apr_pool_t *pool, bearer_span token)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (token.len == 0 || EVP_Digest(token.ptr, token.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return "";
    return apr_psprintf(pool, ", token %02x%02x%02x%02x", digest[0], digest[1], digest[2],
                        digest[3]);
}

static const char *whence(apr_pool_t *pool, const bearer_request *request)
{
    const bearer_findings *found = &request->findings;

    return apr_pstrcat(pool,
                       found->trust != NULL
                           ? apr_psprintf(pool, "; issuer \"%s\"", found->trust->rules.name)
                           : "",
                       found->kid.len > 0 ? apr_psprintf(pool, ", kid \"%s\"",
                                                         bearer_span_loggable(pool, found->kid))
                                          : "",
                       found->provider != NULL
                           ? apr_psprintf(pool, "; provider %s", found->provider) : "",
                       NULL);
}

void bearer_request_log(request_rec *r, const bearer_request *request)
{
    const bearer_answer *answer = bearer_answer_get(request->verdict.reason);
    const char *detail = request->verdict.detail;
    bool accepted = request->verdict.reason == BEARER_ACCEPTED;
    int level = accepted ? APLOG_DEBUG : answer->ordinary ? APLOG_INFO : APLOG_WARNING;

    if (!APLOG_R_IS_LEVEL(r, level))
        return;                         /* spares the fingerprint */
    if (accepted)
        ap_log_rerror(APLOG_MARK, level, 0, r, "%s: user \"%s\"%s%s",
                      request->reporting ? "AB0104: would be accepted" : "AB0102: accepted",
                      bearer_span_loggable(r->pool, bearer_span_of(request->identity->user)),
                      whence(r->pool, request), fingerprint(r->pool, request->token));
    else
        ap_log_rerror(APLOG_MARK, level, 0, r, "%s: %s%s%s%s%s, for %s",
                      request->reporting ? "AB0103: would be refused" : "AB0101: refused",
                      answer->name,
                      detail != NULL ? ": " : "", detail != NULL ? detail : "",
                      whence(r->pool, request), fingerprint(r->pool, request->token),
                      bearer_span_loggable(r->pool, bearer_span_of(r->uri)));
}

int bearer_request_conclude(request_rec *r, bearer_verdict verdict, bearer_span token)
{
    bearer_request *request = bearer_request_get(r);
    bool accepted = verdict.reason == BEARER_ACCEPTED;

    request->judged = true;
    request->verdict = verdict;
    request->token = token;
    request->place = r->per_dir_config;
    request->identity = accepted ? &request->findings.identity : NULL;
    apr_table_setn(r->subprocess_env, "BEARER_REASON", bearer_reason_name(verdict.reason));
    bearer_request_log(r, request);
    if (!accepted)
        return bearer_answer_get(verdict.reason)->status;
    r->user = apr_pstrdup(r->pool, request->identity->user);
    return OK;
}
