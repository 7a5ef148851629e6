#include "bearer/index.h"
#include "bearer/challenge.h"

void bearer_index_begin(request_rec *r)
{
    if (r->finfo.filetype == APR_DIR || (r->finfo.filetype == APR_NOFILE && r->handler == NULL))
        bearer_request_get(r)->asks_index = true;
}

void bearer_index_end(request_rec *r)
{
    bearer_request *request = bearer_request_find(r);

    if (request == NULL || !request->asks_index)
        return;
    request->asks_index = false;
    if (request->kept == NULL)
        return;
    request->kept = NULL;               /* another name was there */
    request->status = 0;
    if (request->judged)
        apr_table_setn(r->subprocess_env, "BEARER_REASON",
                       bearer_reason_name(request->verdict.reason));
    else
        apr_table_unset(r->subprocess_env, "BEARER_REASON");
}

static int copy(void *to, const char *name, const char *value)
{
    apr_table_add(to, name, value);     /* a copy: the subrequest ends before the answer */
    return 1;
}

void bearer_index_keep(request_rec *r, const request_rec *refused)
{
    bearer_request *request = bearer_request_get(r);

    request->kept = apr_table_make(r->pool, 4);
    apr_table_do(copy, request->kept, refused->err_headers_out, bearer_challenge_field(false),
                 "Cache-Control", "Retry-After", NULL);
}

/* For 401 of the last name mod_dir copies all fields itself. */
static void settle(request_rec *r, request_rec *asked)
{
    const bearer_request *request = asked != NULL ? bearer_request_find(asked) : NULL;

    if (request != NULL && request->kept != NULL && request->status == asked->status
        && apr_table_get(r->err_headers_out, "Cache-Control") == NULL)
        apr_table_do(copy, r->err_headers_out, request->kept, NULL);
}

void bearer_index_settle(request_rec *r)
{
    settle(r, r->prev);
    settle(r, r);
}
