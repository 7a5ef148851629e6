#include "bearer/expression.h"
#include "bearer/identity.h"
#include "bearer/view.h"

#include <http_core.h>
#include <http_log.h>
#include <http_request.h>
#include <apr_atomic.h>
#include <apr_strings.h>

APLOG_USE_MODULE(auth_bearer);

/* Of this process and configuration; .htaccess files may set it while requests run. */
static volatile apr_uint32_t used, warned;

bool bearer_expression_used(void)
{
    return used != 0;
}

void bearer_expression_reset(void)
{
    used = warned = 0;
}

/* The claim that an expression asks for; NULL if it is absent or nobody is known (yet). */
static const bearer_json *claim_at(ap_expr_eval_ctx_t *ctx, const void *compiled, const char *text)
{
    bearer_request *request = ctx->r != NULL ? bearer_request_find(ctx->r) : NULL;
    const bearer_path *path = compiled;

    if (request != NULL && request->identity == NULL)
        request->asked = true;
    if (ctx->r != NULL
        && (request == NULL || (!request->judged && request->inside[BEARER_ACCESS] == 0))
        && apr_atomic_inc32(&warned) == 0)
        ap_log_error(APLOG_MARK, APLOG_INFO, 0, ctx->r->server,     /* no referer behind it */
                     "AB0401: bearer() was asked before authentication, as in"
                     " <If>: it is empty there, always");
    if (request == NULL || request->identity == NULL)
        return NULL;
    if (path == NULL && bearer_path_make(ctx->p, text, &path) != NULL)
        return NULL;
    return bearer_path_find(path, request->identity->claims->json);
}

static const char *claim_text(ap_expr_eval_ctx_t *ctx, const void *path, const char *arg)
{
    const char *text = bearer_identity_text(ctx->p, claim_at(ctx, path, arg));

    return text != NULL ? text : "";
}

static apr_array_header_t *claim_list(ap_expr_eval_ctx_t *ctx, const void *path, const char *arg)
{
    const bearer_json *value = claim_at(ctx, path, arg);
    bool array = bearer_json_kind_of(value) == BEARER_JSON_ARRAY;
    size_t count = array ? bearer_json_count(value) : value != NULL;
    apr_array_header_t *list = apr_array_make(ctx->p, (int)count + 1, sizeof(const char *));

    for (size_t i = 0; i < count; i++) {
        const char *text = bearer_identity_text(ctx->p, array ? bearer_json_item(value, i) : value);

        if (text != NULL)
            APR_ARRAY_PUSH(list, const char *) = text;
    }
    return list;
}

static const char *reason_text(ap_expr_eval_ctx_t *ctx, const void *data)
{
    const char *reason = ctx->r != NULL ? bearer_view_reason(ctx->r) : NULL;

    (void)data;
    return reason != NULL ? reason : "";
}

/* A path that is known while the configuration is read is compiled then; a wrong one stops the
 * server. */
static int offer_claims(ap_expr_lookup_parms *parms, const void *function)
{
    const bearer_path *path = NULL;
    const char *error = parms->arg != NULL ? bearer_path_make(parms->pool, parms->arg, &path)
                                           : NULL;

    if (error != NULL) {
        *parms->err = apr_psprintf(parms->ptemp, "bearer('%s'): %s", parms->arg, error);
        return !OK;
    }
    used = 1;
    *parms->func = function;
    *parms->data = path;
    return OK;
}

int bearer_expression_lookup(ap_expr_lookup_parms *parms)
{
    if (parms->type == AP_EXPR_FUNC_VAR && ap_cstr_casecmp(parms->name, "BEARER_REASON") == 0) {
        *parms->func = __extension__(const void *)reason_text;
        *parms->data = NULL;
        return OK;
    }
    if (ap_cstr_casecmp(parms->name, "bearer") != 0)
        return DECLINED;
    if (parms->type == AP_EXPR_FUNC_STRING)
        return offer_claims(parms, __extension__(const void *)claim_text);
    if (parms->type == AP_EXPR_FUNC_LIST)
        return offer_claims(parms, __extension__(const void *)claim_list);
    return DECLINED;
}
