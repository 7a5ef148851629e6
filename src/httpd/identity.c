#include "bearer/identity.h"
#include "bearer/json_text.h"
#include "bearer/locate.h"
#include "bearer/onward.h"

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

static void withdraw(request_rec *r, const bearer_variable *const *one, const char *prefix)
{
    for (; one != NULL && *one != NULL; one++)
        apr_table_unset(r->subprocess_env, apr_pstrcat(r->pool, prefix, (*one)->name, NULL));
}

void bearer_identity_export(request_rec *r, const bearer_conf *conf, bearer_request *request)
{
    withdraw(r, request->exported, "");
    withdraw(r, conf->variables, "");
    request->exported = conf->variables;
    if (request->identity == NULL)
        return;
    for (const bearer_variable *const *one = conf->variables; one != NULL && *one != NULL; one++) {
        const bearer_json *value = bearer_path_find((*one)->claim,
                                                    request->identity->claims->json);
        const char *text = bearer_identity_text(r->pool, value);

        if (text != NULL)
            apr_table_setn(r->subprocess_env, (*one)->name, text);
    }
}

static void adopt(request_rec *r, const bearer_request *from)
{
    bearer_request *request = bearer_request_get(r);

    request->judged = from->judged;
    request->place = r->per_dir_config;
    request->presented = from->presented;
    request->field = from->field;
    request->by_password = from->by_password;
    request->verdict = from->verdict;
    request->findings = from->findings;
    request->identity = from->identity != NULL ? &request->findings.identity : NULL;
    if (request->judged)
        apr_table_setn(r->subprocess_env, "BEARER_REASON",
                       bearer_reason_name(request->verdict.reason));
    bearer_identity_export(r, bearer_conf_get(r), request);
}

/* Subrequests are born with a copy of the environment: what another location found out about a
 * token ends here. */
static void forget(request_rec *r, const request_rec *from, const bearer_request *before)
{
    const bearer_request *own = bearer_request_find(r);

    withdraw(r, before->exported, r->main == from ? "" : "REDIRECT_");
    if (r->main == from && (own == NULL || !own->judged))
        apr_table_unset(r->subprocess_env, "BEARER_REASON");
}

/* httpd authenticates anew unless the merged configuration is the very same: only then is the one
 * before us. */
void bearer_identity_carry(request_rec *r)
{
    request_rec *from = bearer_request_before(r);
    bearer_request *own = bearer_request_find(r);
    const bearer_request *before = from != NULL ? bearer_request_find(from) : NULL;

    if (before == NULL)
        return;
    if (from->per_dir_config != r->per_dir_config) {
        forget(r, from, before);
        if (own != NULL && own->identity != NULL)
            bearer_identity_export(r, bearer_conf_get(r), own);
    }
    else if (own == NULL || !own->judged)
        adopt(r, before);
}

/* mod_dir ends the subrequests for those names that are not there; others may follow at the very
 * same address. */
static apr_status_t index_gone(void *data)
{
    const request_rec *r = data;
    bearer_request *outer = bearer_request_find(r->main);

    if (outer != NULL && outer->index == r)
        outer->index = NULL;
    return APR_SUCCESS;
}

/* What mod_dir does not take over when a subrequest becomes the request. */
static void adopt_index(request_rec *r, request_rec *index)
{
    adopt(r, bearer_request_find(index));
    r->user = index->user;
    r->ap_auth_type = index->ap_auth_type;
}

/* A token that was taken out of the fields of the subrequest still stands in those of this one. */
static void take_fields(request_rec *r, const bearer_conf *conf, request_rec *index)
{
    if (bearer_request_find(index)->fields == index->headers_in)
        bearer_onward_take(r, index);
    else if (bearer_mode_of(r, conf) >= BEARER_BESIDE)
        bearer_locate_take(r, conf);
}

static bool has_taken(request_rec *r)
{
    for (; r != NULL; r = bearer_request_before(r)) {
        const bearer_request *request = bearer_request_find(r);

        if (request != NULL && request->taken != NULL)
            return true;
    }
    return false;
}

/* mod_dir turns a request for a directory into the subrequest for its index, but for the user and
 * the fields, and mod_negotiation does so for a variant: the subrequest leaves its name with the
 * request that it is of, late fixups of which see whether it became that one. */
void bearer_identity_carry_index(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    bearer_request *request = bearer_request_find(r);
    request_rec *index = request != NULL ? request->index : NULL;

    if (request == NULL)
        return;
    request->index = NULL;
    if (index != NULL && (index->per_dir_config != r->per_dir_config || index->uri != r->uri))
        index = NULL;
    if (index != NULL) {
        if (bearer_request_find(index)->sent != NULL)
            request->sent = bearer_request_find(index)->sent;
        take_fields(r, conf, index);
    }
    if (index != NULL && bearer_request_find(index)->identity != NULL)
        adopt_index(r, index);
    else if (request->exported != NULL && request->exported != conf->variables) {
        /* An index for which nobody had to be known: its section decides what it is told. */
        bearer_identity_export(r, conf, request);
    }
    if (r->main != NULL && r->main->per_dir_config != r->per_dir_config
        && (request->identity != NULL || request->fields != NULL || has_taken(r))) {
        bearer_request_get(r->main)->index = r;
        apr_pool_cleanup_register(r->pool, r, index_gone, apr_pool_cleanup_null);
    }
}

void bearer_identity_arrive(request_rec *r, const bearer_conf *conf, bearer_mode mode)
{
    bearer_request *request;
    const char *value;

    if (mode < BEARER_BESIDE && conf->pass != BEARER_PASS_MINTED && conf->proxy == NULL)
        return;
    request = bearer_request_get(r);
    value = apr_table_get(r->headers_in, bearer_locate_field(r));
    if (request->sent == NULL)
        request->sent = value != NULL ? value : "";
}

/* Whether the field looks like a token for us at this place; or like any, where a backend might
 * take it for one of this server's own making. */
static bool is_credential(request_rec *r, request_rec *place, const char *value)
{
    const bearer_conf *conf = bearer_conf_get(place);
    bool replaced = conf->pass == BEARER_PASS_MINTED || conf->proxy != NULL;
    bearer_span ignored;

    if (replaced
        && bearer_credentials_read(bearer_span_of(value), &ignored) != BEARER_FIELD_OTHER)
        return true;
    return (replaced || bearer_mode_of(place, conf) >= BEARER_BESIDE)
        && bearer_locate_is_in_field(r, conf);
}

/* Whether this request, or one that led to it, came to us with this value: judged as a token, or
 * looking like one where nobody asked. What an administrator put into the field later is another.
 * Where nobody looked, as before an index, whatever looks like a token is taken for one. */
static bool is_ours(request_rec *r, const char *value)
{
    bool known = false;

    for (request_rec *one = r; one != NULL; one = bearer_request_before(one)) {
        const bearer_request *request = bearer_request_find(one);

        if (request == NULL)
            continue;
        if (request->field != NULL && strcmp(value, request->field) == 0)
            return true;
        known = known || request->field != NULL || request->sent != NULL;
        if (request->sent != NULL && strcmp(value, request->sent) == 0
            && is_credential(r, one, value))
            return true;
    }
    for (request_rec *one = r; one != NULL && !known; one = bearer_request_before(one))
        if (is_credential(r, one, value))
            return true;
    return false;
}

/* Off unless asked for: a backend that is not meant to act for the user must not be able to. */
static void withhold(request_rec *r)
{
    const char *field = bearer_locate_field(r);
    const char *now = apr_table_get(r->headers_in, field);
    const bearer_request *request = bearer_request_find(r);

    if (now != NULL && bearer_conf_get(r)->pass != BEARER_PASS_ON && is_ours(r, now))
        apr_table_unset(r->headers_in, field);
    if (request != NULL && request->authorization != NULL)
        apr_table_setn(r->headers_in, "Authorization", request->authorization);
}

/* mod_proxy calls this on the header table of the request to the backend, a copy: r->headers_in
 * itself is still needed, by mod_dav and subrequests. */
static int proxy_fixups(request_rec *r)
{
    withhold(r);
    return OK;
}

/* Of all schemes only these run the hook above; others send r->headers_in as it is, and which one a
 * balancer will choose is not known yet. */
static bool runs_fixups(const char *url)
{
    static const char *const schemes[] = { "http:", "https:", "ws:", "wss:" };

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (bearer_span_begins_nocase(bearer_span_of(url), schemes[i]))
            return true;
    return false;
}

/* mod_proxy does not ask which handler is set once a request is marked as its own. */
const char *bearer_identity_proxied(const request_rec *r)
{
    static const char prefix[] = "proxy:";
    const char *name = r->proxyreq != PROXYREQ_NONE ? r->filename : r->handler;

    if (name == NULL || !bearer_span_begins_nocase(bearer_span_of(name), prefix))
        return NULL;
    return name + strlen(prefix);
}

/* A subrequest may share the table with the request around it, which goes on without a backend. */
void bearer_identity_leave(request_rec *r)
{
    const char *url = bearer_identity_proxied(r);

    if (url == NULL || runs_fixups(url))
        return;
    r->headers_in = apr_table_copy(r->pool, r->headers_in);
    withhold(r);
}

void bearer_identity_register(void)
{
    APR_OPTIONAL_HOOK(proxy, fixups, proxy_fixups, NULL, NULL, APR_HOOK_LAST);
}
