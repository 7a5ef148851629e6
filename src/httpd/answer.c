#include "bearer/answer.h"
#include "bearer/challenge.h"
#include "bearer/identity.h"
#include "bearer/index.h"
#include "bearer/locate.h"
#include "bearer/whatif.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>

APLOG_USE_MODULE(auth_bearer);

/* Seconds after which asking again may help: keys arrive within a second. */
#define RETRY_AFTER "5"

/* Answers about a credential are nobody else's (RFC 9111 section 3.5 would let a cache keep
 * some). */
static void forbid_storing(request_rec *r)
{
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
}

static bool is_offered(request_rec *r, const bearer_conf *conf, const apr_array_header_t *others)
{
    const char *error = NULL;

    if (others->nelts == 0 || (!conf->challenge.off && conf->challenge.when == NULL))
        return true;
    return !conf->challenge.off && ap_expr_exec(r, conf->challenge.when, &error) > 0;
}

static int collect(void *others, const char *name, const char *value)
{
    (void)name;
    if (!bearer_challenge_is_ours(value))
        APR_ARRAY_PUSH((apr_array_header_t *)others, const char *) = value;
    return 1;
}

/* AuthBearerTokenFrom basic: no module with that scheme is there to offer it. */
static void offer_basic(request_rec *r, const bearer_conf *conf, apr_array_header_t *others)
{
    if (!bearer_offers_basic(conf) || bearer_mode_of(r, conf) != BEARER_ALONE)
        return;
    for (int i = 0; i < others->nelts; i++)
        if (bearer_challenge_is_basic(APR_ARRAY_IDX(others, i, const char *)))
            return;
    APR_ARRAY_PUSH(others, const char *) = bearer_challenge_basic(r->pool, bearer_request_realm(r));
}

/* Ours first, each challenge in a field of its own: several clients read only the first of a joined
 * field. */
static void challenge(request_rec *r, const bearer_conf *conf, bearer_reason reason,
                      const char *scope)
{
    const char *field = bearer_challenge_field(r->proxyreq == PROXYREQ_PROXY);
    apr_array_header_t *others = apr_array_make(r->pool, 2, sizeof(const char *));
    apr_table_t *fields = r->err_headers_out;

    apr_table_do(collect, others, fields, field, NULL);
    apr_table_unset(fields, field);
    if (reason != BEARER_SCOPE_LACKING)
        offer_basic(r, conf, others);
    if (is_offered(r, conf, others) && (bearer_offers_bearer(conf) || others->nelts == 0))
        apr_table_addn(fields, field,
                       bearer_challenge_make(r->pool, bearer_request_realm(r), reason, scope,
                                             conf->detail));
    for (int i = 0; i < others->nelts; i++)
        apr_table_addn(fields, field, APR_ARRAY_IDX(others, i, const char *));
}

/* The status is ours, and so will its body be: of this request, or of the one that mod_dir asked
 * for an index for. */
static int answer(request_rec *r, const bearer_request *request, int status)
{
    const request_rec *refused = r;

    for (;;) {
        bearer_request *one = bearer_request_get(r);

        one->status = status;
        one->shown = request->verdict.reason;
        if (!one->judged || one != request)
            apr_table_setn(r->subprocess_env, "BEARER_REASON", bearer_reason_name(one->shown));
        r = r->main;
        if (r == NULL || !bearer_request_get(r)->asks_index)
            return status;
        bearer_index_keep(r, refused);
    }
}

static int refuse_unjudged(request_rec *r, bearer_request *request)
{
    apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER);
    forbid_storing(r);
    return answer(r, request, HTTP_SERVICE_UNAVAILABLE);
}

static int refuse_unconfigured(request_rec *r, const char *detail)
{
    bearer_verdict verdict = { BEARER_NOT_CONFIGURED, detail };

    bearer_request_conclude(r, verdict, (bearer_span){ NULL, 0 });
    return refuse_unjudged(r, bearer_request_get(r));
}

int bearer_answer_unavailable(request_rec *r, bearer_reason reason, const char *detail)
{
    bearer_request *request = bearer_request_get(r);
    bearer_verdict verdict = { reason, detail };

    bearer_request_conclude(r, verdict, request->token);
    bearer_identity_export(r, bearer_conf_get(r), request);     /* an error page sees no claims */
    return refuse_unjudged(r, request);
}

int bearer_answer_contradiction(request_rec *r)
{
    return refuse_unconfigured(r, "AuthBearerHide On wants AuthType Bearer");
}

/* The scopes that a first token should bring; what RFC 6750 section 3 wants on an answer to no
 * token at all. */
static const char *scope_wanted(request_rec *r, bearer_request *request)
{
    if (request->verdict.reason != BEARER_NO_TOKEN)
        return NULL;
    return bearer_whatif_ask(r, request).scope;
}

bool bearer_answer_hides(const bearer_conf *conf, bearer_mode mode)
{
    return mode == BEARER_ALONE && conf->hide;
}

/* As what is not there, whichever module said no. */
static int hide(request_rec *r)
{
    apr_table_unset(r->err_headers_out, bearer_challenge_field(r->proxyreq == PROXYREQ_PROXY));
    return HTTP_NOT_FOUND;
}

int bearer_answer_access(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status)
{
    return bearer_answer_hides(conf, mode) && status == HTTP_FORBIDDEN ? hide(r) : status;
}

/* 401 of whichever module: every way to log in is named, or none shown. */
static int refuse_user(request_rec *r, const bearer_conf *conf, bearer_mode mode,
                       bearer_request *request)
{
    if (!request->judged)               /* another module said no, for want of its own credential */
        bearer_request_conclude(r, (bearer_verdict){ .reason = BEARER_NO_TOKEN },
                                (bearer_span){ NULL, 0 });
    if (bearer_answer_hides(conf, mode))
        return hide(r);
    forbid_storing(r);
    if (mode >= BEARER_BESIDE)
        challenge(r, conf, request->verdict.reason, scope_wanted(r, request));
    return answer(r, request, HTTP_UNAUTHORIZED);
}

/* A credential of ours was refused: the other modules had no chance to put their challenge beside
 * ours. */
static void note_others(request_rec *r, bearer_mode mode)
{
    if (mode == BEARER_BESIDE)
        ap_note_auth_failure(r);
}

int bearer_answer_authn(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status)
{
    bearer_request *request = bearer_request_get(r);
    bool refused = request->judged && request->identity == NULL;
    int ours = refused ? bearer_answer_get(request->verdict.reason)->status : 0;

    if (mode == BEARER_WITHIN && !request->presented)
        return status == OK && r->user == NULL      /* httpd would end in a 500 */
             ? refuse_unconfigured(r, "a user is wanted, and no AuthType is set") : status;
    if (refused && bearer_answer_hides(conf, mode) && status != OK)
        return hide(r);
    if (refused && request->presented && ours == HTTP_SERVICE_UNAVAILABLE && status != OK)
        return refuse_unjudged(r, request);
    if (status == ours && (ours == HTTP_BAD_REQUEST || ours == HTTP_REQUEST_ENTITY_TOO_LARGE)) {
        forbid_storing(r);
        if (ours == HTTP_BAD_REQUEST)
            challenge(r, conf, request->verdict.reason, NULL);
        return answer(r, request, status);
    }
    if (refused && status == DECLINED)
        status = HTTP_UNAUTHORIZED;         /* left to others, but nobody took it */
    if (status != HTTP_UNAUTHORIZED)
        return status;
    if (refused && request->presented && !request->by_password)
        note_others(r, mode);
    return refuse_user(r, conf, mode, request);
}

/* A valid token that may not: no login helps, so httpd's 401 becomes 403 and its challenges go. */
static int refuse_permission(request_rec *r, const bearer_conf *conf, bearer_request *request)
{
    const char *field = bearer_challenge_field(r->proxyreq == PROXYREQ_PROXY);
    bearer_whatif missing = bearer_whatif_ask(r, request);

    request->verdict = bearer_whatif_verdict(r, request, &missing);
    apr_table_setn(r->subprocess_env, "BEARER_REASON", bearer_reason_name(request->verdict.reason));
    bearer_request_log(r, request);
    apr_table_unset(r->err_headers_out, field);
    if (missing.lacking)
        challenge(r, conf, BEARER_SCOPE_LACKING, missing.scope);
    request->identity = NULL;           /* nobody was let in: an error page sees no claims */
    forbid_storing(r);
    return answer(r, request, HTTP_FORBIDDEN);
}

int bearer_answer_authz(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status)
{
    bearer_request *request = bearer_request_get(r);

    if (status == OK) {
        bearer_identity_export(r, conf, request);
        return OK;
    }
    if (request->identity != NULL
        && (status == HTTP_UNAUTHORIZED || status == HTTP_FORBIDDEN || request->undecided))
        return refuse_permission(r, conf, request);
    if (status == HTTP_UNAUTHORIZED && (mode != BEARER_WITHIN || request->presented))
        return refuse_user(r, conf, mode, request);
    return status;
}

bool bearer_answer_precedes(const request_rec *r)
{
    const bearer_request *before = r->prev != NULL ? bearer_request_find(r->prev) : NULL;

    return before != NULL && before->status != 0 && before->status == r->prev->status;
}

apr_table_t *bearer_answer_save(const request_rec *r)
{
    bool is_error_page = r->prev != NULL && ap_is_HTTP_ERROR(r->prev->status);

    return is_error_page ? apr_table_copy(r->pool, r->err_headers_out) : NULL;
}

static int put(void *fields, const char *name, const char *value)
{
    apr_table_addn(fields, name, value);
    return 1;
}

/* In place: the table is that of the request before, too. */
int bearer_answer_restore(request_rec *r, const apr_table_t *saved, int status)
{
    if (saved != NULL && status != OK) {
        apr_table_clear(r->err_headers_out);
        apr_table_do(put, r->err_headers_out, saved, NULL);
    }
    return status;
}
