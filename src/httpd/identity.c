#include "bearer/identity.h"
#include "bearer/locate.h"

#include <http_request.h>
#include <apr_strings.h>
#include <mod_proxy.h>

const char *bearer_identity_text(apr_pool_t *pool, const bearer_json *value)
{
    bearer_span text = bearer_json_text(value);

    if (value == NULL)
        return NULL;
    if (bearer_json_kind_of(value) != BEARER_JSON_STRING)
        return bearer_json_print(pool, value);
    return bearer_span_has_control(text) ? NULL : apr_pstrmemdup(pool, text.ptr, text.len);
}

void bearer_identity_export(request_rec *r, const bearer_conf *conf, const bearer_request *request)
{
    for (const bearer_variable *const *one = conf->variables; one != NULL && *one != NULL; one++) {
        const bearer_json *value = NULL;
        const char *text;

        if (request->identity != NULL)
            value = bearer_path_find((*one)->claim, request->identity->claims->json);
        text = bearer_identity_text(r->pool, value);

        if (text != NULL)
            apr_table_setn(r->subprocess_env, (*one)->name, text);
        else
            apr_table_unset(r->subprocess_env, (*one)->name);
    }
}

static void adopt(request_rec *r, const bearer_request *from)
{
    bearer_request *request = bearer_request_get(r);

    request->judged = from->judged;
    request->presented = from->presented;
    request->by_password = from->by_password;
    request->verdict = from->verdict;
    request->findings = from->findings;
    request->identity = from->identity != NULL ? &request->findings.identity : NULL;
    if (request->judged)
        apr_table_setn(r->subprocess_env, "BEARER_REASON",
                       bearer_reason_name(request->verdict.reason));
    bearer_identity_export(r, bearer_conf_get(r), request);
}

/* Subrequests are born with a copy of the environment: what another location let out of a token
 * ends here. */
static void forget(request_rec *r, request_rec *from)
{
    const bearer_conf *conf = bearer_conf_get(from);

    for (const bearer_variable *const *one = conf->variables; one != NULL && *one != NULL; one++)
        apr_table_unset(r->subprocess_env, (*one)->name);
}

/* httpd authenticates anew unless the merged configuration is the very same: only then is the one
 * before us. */
void bearer_identity_carry(request_rec *r)
{
    request_rec *from = r->prev != NULL ? r->prev : r->main;
    const bearer_request *own = bearer_request_find(r);
    const bearer_request *before = from != NULL ? bearer_request_find(from) : NULL;

    if (before == NULL || (own != NULL && own->judged))
        return;
    if (from->per_dir_config == r->per_dir_config)
        adopt(r, before);
    else if (r->main == from)
        forget(r, from);
}

/* mod_dir turns a request for a directory into the subrequest for its index, but for the user: the
 * subrequest leaves its name with the main request, late fixups of which see whether it became that
 * one. */
void bearer_identity_carry_index(request_rec *r)
{
    bearer_request *request = bearer_request_find(r);

    if (r->main != NULL && request != NULL && request->identity != NULL
        && r->main->per_dir_config != r->per_dir_config)
        bearer_request_get(r->main)->index = r;
    if (r->main != NULL || request == NULL || request->index == NULL)
        return;
    if (request->index->per_dir_config == r->per_dir_config && request->index->uri == r->uri) {
        adopt(r, bearer_request_find(request->index));
        r->user = request->index->user;
        r->ap_auth_type = request->index->ap_auth_type;
    }
    request->index = NULL;
}

/* Off unless asked for: a backend that is not meant to act for the user must not be able to. */
static void withhold(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    const bearer_request *request = bearer_request_find(r);
    bool presented = request != NULL && request->presented;
    bearer_span token;

    if (conf->pass)
        return;
    /* Also where nobody asked for it, as under a rule that lets everyone in. */
    if (presented || (bearer_mode_of(r, conf) >= BEARER_BESIDE
                      && bearer_locate(r, conf, &token) != BEARER_FIELD_OTHER))
        apr_table_unset(r->headers_in, bearer_locate_field(r));
}

/* mod_proxy calls this on the header table of the request to the backend, a copy: r->headers_in
 * itself is still needed, by mod_dav and subrequests. */
static int proxy_fixups(request_rec *r)
{
    withhold(r);
    return OK;
}

/* AJP sends r->headers_in as it is. */
static int proxy_scheme(request_rec *r, proxy_worker *worker, proxy_server_conf *conf, char *url,
                        const char *host, apr_port_t port)
{
    (void)worker, (void)conf, (void)host, (void)port;
    if (ap_cstr_casecmpn(url, "ajp:", 4) == 0)
        withhold(r);
    return DECLINED;
}

void bearer_identity_register(void)
{
    APR_OPTIONAL_HOOK(proxy, fixups, proxy_fixups, NULL, NULL, APR_HOOK_LAST);
    APR_OPTIONAL_HOOK(proxy, scheme_handler, proxy_scheme, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
