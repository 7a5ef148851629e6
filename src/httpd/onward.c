#include "bearer/onward.h"
#include "bearer/answer.h"
#include "bearer/credentials.h"
#include "bearer/forward.h"
#include "bearer/identity.h"
#include "bearer/locate.h"

#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <apr_lib.h>
#include <apr_strings.h>

APLOG_USE_MODULE(auth_bearer);

#define KEPT_MOST 1024          /* tokens made for backends, in a process */

static bool expected;           /* some section has AuthBearerMint */
static bearer_minted *kept;     /* of this process */

void bearer_onward_expect(void)
{
    expected = true;
}

/* Not freed at the end, as the cache of tokens is not: a child may be ended in a signal handler. */
void bearer_onward_child(apr_pool_t *pool, server_rec *server)
{
    (void)pool;
    if (!expected)
        return;
    kept = bearer_minted_make(KEPT_MOST);
    if (kept == NULL)
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "AB0502: this process makes a token for each request to a backend: no memory"
                     " to keep them");
}

static const char contradiction[] = "AuthBearerPass On or minted, and AuthBearerProxy, contradict"
                                    " each other: want one of them";
static const char undescribed[] = "AuthBearerPass minted wants AuthBearerMint in the section or at"
                                  " server level";

const char *bearer_onward_refuse(const bearer_conf *section, bool described)
{
    if (section->pass != BEARER_PASS_OFF && section->proxy != NULL)
        return contradiction;
    if (section->pass == BEARER_PASS_MINTED && section->minting == NULL && !described)
        return undescribed;
    return NULL;
}

const char *bearer_onward_refuse_field(const bearer_conf *merged)
{
    for (const bearer_place *const *place = merged->places; *place != NULL; place++) {
        const char *field = bearer_place_field(*place);

        if (field != NULL && bearer_forward_among(merged->guarded, bearer_span_of(field)))
            return "AuthBearerHeader and AuthBearerTokenFrom header: name the same field: want it"
                   " to be either the server's or a client's";
    }
    return NULL;
}

/* A look at a table of fields. */
typedef struct {
    apr_pool_t *pool;
    const char *const *names;
    apr_array_header_t *found;      /* const char *: fields of these names as they are written */
    const char *connection;         /* the Connection field without them */
    bool named;                     /* it had them */
} search;

static int look_at(void *context, const char *name, const char *value)
{
    search *in = context;

    if (bearer_forward_among(in->names, bearer_span_of(name)))
        APR_ARRAY_PUSH(in->found, const char *) = name;
    else if (ap_cstr_casecmp(name, "Connection") == 0) {
        const char *left = bearer_forward_connection(in->pool, value, in->names);

        in->named = in->named || left != value;
        if (left != NULL)
            in->connection = in->connection != NULL
                                 ? apr_pstrcat(in->pool, in->connection, ", ", left, NULL) : left;
    }
    return 1;
}

/* A table of this request alone: redirects, and in some versions of httpd subrequests, begin with
 * that of another one. */
static void own_fields(request_rec *r)
{
    bearer_request *request = bearer_request_get(r);

    if (request->fields == r->headers_in)
        return;
    r->headers_in = apr_table_copy(r->pool, r->headers_in);
    request->fields = r->headers_in;
}

/* mod_proxy drops what Connection names: no client makes a field of ours disappear so. */
static void remove_fields(request_rec *r, const char *const *names)
{
    search in = { r->pool, names, apr_array_make(r->pool, 2, sizeof(const char *)), NULL, false };

    apr_table_do(look_at, &in, r->headers_in, NULL);
    if (in.found->nelts == 0 && !in.named)
        return;
    own_fields(r);
    for (int i = 0; i < in.found->nelts; i++)
        apr_table_unset(r->headers_in, APR_ARRAY_IDX(in.found, i, const char *));
    if (in.named) {
        apr_table_unset(r->headers_in, "Connection");
        if (in.connection != NULL)
            apr_table_setn(r->headers_in, "Connection", in.connection);
    }
}

/* Subrequests are born with the environment of the request around them, in which a program for that
 * one may have found the field; after a redirect it is there under a longer name. */
static void remove_variables(request_rec *r, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        char *name = apr_pstrcat(r->pool, "REDIRECT_HTTP_", *names, NULL);

        for (char *c = name; *c != '\0'; c++)
            *c = apr_isalnum(*c) ? (char)apr_toupper(*c) : '_';
        apr_table_unset(r->subprocess_env, name);
        apr_table_unset(r->subprocess_env, name + strlen("REDIRECT_"));
    }
}

int bearer_onward_clean(request_rec *r)
{
    request_rec *from = bearer_request_before(r);
    const char *const *names = bearer_conf_get(r)->guarded;

    if (from != NULL) {
        names = bearer_forward_join(r->pool, names, bearer_conf_get(from)->guarded);
        remove_variables(r, names);
    }
    if (names != NULL)
        remove_fields(r, names);
    return DECLINED;
}

/* Who is known here: a request for a directory is still the one that was let in there when it
 * became that for an index elsewhere, where nobody was asked. */
static const bearer_identity *identity_of(request_rec *r)
{
    const bearer_request *request = bearer_request_find(r);

    return request != NULL && request->place == r->per_dir_config ? request->identity : NULL;
}

/* Servers behind a forward proxy are anybody's: they get nothing of ours, here and below. */
int bearer_onward_send(request_rec *r)
{
    const bearer_carried *const *one = bearer_conf_get(r)->carried;
    const bearer_identity *identity = identity_of(r);

    bearer_onward_clean(r);
    if (one == NULL || identity == NULL || r->proxyreq == PROXYREQ_PROXY)
        return OK;
    own_fields(r);
    for (; *one != NULL; one++) {
        const bearer_json *value = bearer_path_find((*one)->claim, identity->claims->json);
        const char *text;

        if (!bearer_forward_text(r->pool, value, &text))
            return bearer_answer_unavailable(r, BEARER_KEYS_UNAVAILABLE,
                                             "no memory for the headers of a backend");
        if (text != NULL)
            apr_table_setn(r->headers_in, (*one)->name, text);
    }
    return OK;
}

/* Subrequests have no body, and no fields about one. */
static int take_back(void *fields, const char *name, const char *value)
{
    bearer_span field = bearer_span_of(name);

    if (bearer_span_begins_nocase(field, "Content-")
        || bearer_span_is_nocase(field, "Transfer-Encoding"))
        apr_table_setn(fields, name, value);
    return 1;
}

void bearer_onward_take(request_rec *r, const request_rec *index)
{
    apr_table_t *fields = apr_table_copy(r->pool, index->headers_in);

    apr_table_do(take_back, fields, r->headers_in, NULL);
    r->headers_in = fields;
    bearer_request_get(r)->fields = fields;
}

/* *token is NULL where there is nobody to speak for. */
static int mint(request_rec *r, const bearer_conf *conf, const char **token)
{
    const bearer_identity *identity = identity_of(r);
    const char *error;

    *token = NULL;
    if (conf->minting == NULL)
        return bearer_answer_unavailable(r, BEARER_NOT_CONFIGURED, undescribed);
    if (identity == NULL)
        return DECLINED;
    *token = bearer_minting_token(r->pool, conf->minting, identity->claims, kept,
                                  apr_time_sec(apr_time_now()), &error);
    if (*token != NULL)
        return DECLINED;
    return bearer_answer_unavailable(r, BEARER_KEYS_UNAVAILABLE,
                                     apr_psprintf(r->pool, "no token for the backend: %s", error));
}

/* A file that an expression reads may end in a newline. *token is NULL for an empty value. */
static int evaluate(request_rec *r, const bearer_conf *conf, const char **token)
{
    const char *error = NULL;
    const char *value = ap_expr_str_exec(r, conf->proxy, &error);
    size_t len = value != NULL ? strlen(value) : 0;

    *token = NULL;
    if (value == NULL || error != NULL)
        return bearer_answer_unavailable(r, BEARER_NOT_CONFIGURED,
                                         "the expression of AuthBearerProxy cannot be evaluated");
    while (len > 0 && (value[len - 1] == '\n' || value[len - 1] == '\r'))
        len--;
    if (len == 0)
        return DECLINED;
    if (!bearer_credentials_b64token((bearer_span){ value, len }))
        return bearer_answer_unavailable(r, BEARER_NOT_CONFIGURED,
                                         "the value of AuthBearerProxy is no token (RFC 6750"
                                         " section 2.1)");
    *token = apr_pstrmemdup(r->pool, value, len);
    return DECLINED;
}

int bearer_onward_prepare(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    const char *token = NULL;
    int status = DECLINED;

    if ((conf->pass != BEARER_PASS_MINTED && conf->proxy == NULL) || r->proxyreq == PROXYREQ_PROXY
        || bearer_identity_proxied(r) == NULL)
        return DECLINED;
    if (conf->pass != BEARER_PASS_OFF && conf->proxy != NULL)
        return bearer_answer_unavailable(r, BEARER_NOT_CONFIGURED, contradiction);
    status = conf->proxy != NULL ? evaluate(r, conf, &token) : mint(r, conf, &token);
    if (token != NULL)
        bearer_request_get(r)->authorization = apr_pstrcat(r->pool, "Bearer ", token, NULL);
    return status;
}
