#include "bearer/errorpage.h"
#include "bearer/answer.h"
#include "bearer/challenge.h"

#include <util_filter.h>
#include <apr_strings.h>

static ap_filter_rec_t *part_filter;

static int collect(void *values, const char *name, const char *value)
{
    (void)name;
    APR_ARRAY_PUSH((apr_array_header_t *)values, const char *) = value;
    return 1;
}

static apr_array_header_t *challenges(request_rec *r)
{
    apr_array_header_t *values = apr_array_make(r->pool, 2, sizeof(const char *));

    apr_table_do(collect, values, r->err_headers_out,
                 bearer_challenge_field(r->proxyreq == PROXYREQ_PROXY), NULL);
    return values;
}

/* What the program added stays behind them. */
static void part(request_rec *r, const apr_array_header_t *before)
{
    const char *field = bearer_challenge_field(r->proxyreq == PROXYREQ_PROXY), *joined = "";
    const apr_array_header_t *now = challenges(r);
    bearer_span rest;

    for (int i = 0; i < before->nelts; i++)
        joined = apr_pstrcat(r->pool, joined, i > 0 ? ", " : "",
                             APR_ARRAY_IDX(before, i, const char *), NULL);
    if (now->nelts != 1)
        return;
    rest = bearer_span_of(APR_ARRAY_IDX(now, 0, const char *));
    if (!bearer_span_begins_nocase(rest, joined))
        return;
    rest = bearer_span_after(rest, strlen(joined));
    apr_table_unset(r->err_headers_out, field);
    for (int i = 0; i < before->nelts; i++)
        apr_table_addn(r->err_headers_out, field, APR_ARRAY_IDX(before, i, const char *));
    if (bearer_span_begins_nocase(rest, ", "))
        apr_table_addn(r->err_headers_out, field, bearer_span_after(rest, 2).ptr);
}

static apr_status_t filter(ap_filter_t *f, apr_bucket_brigade *out)
{
    part(f->r, f->ctx);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, out);
}

void bearer_errorpage_insert(request_rec *r)
{
    apr_array_header_t *before;

    if (r->main != NULL || !bearer_answer_precedes(r))
        return;
    before = challenges(r);
    if (before->nelts > 1)
        ap_add_output_filter_handle(part_filter, before, r, r->connection);
}

void bearer_errorpage_register(void)
{
    part_filter = ap_register_output_filter("BEARER_ERROR_PAGE", filter, NULL,
                                            AP_FTYPE_CONTENT_SET);
}
