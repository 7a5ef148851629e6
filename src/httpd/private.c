#include "bearer/private.h"

#include <http_protocol.h>
#include <util_filter.h>

static ap_filter_rec_t *private_filter;

static bearer_request *origin_of(request_rec *r)
{
    return bearer_request_get(bearer_request_origin(r));
}

static bool says(request_rec *r, const char *control, const char *directive)
{
    return control != NULL && ap_find_list_item(r->pool, control, directive) != 0;
}

/* Of fields that may be those of the answer, or of all answers of this request. */
static bool is_private(request_rec *r, const apr_table_t *fields)
{
    const char *control = apr_table_getm(r->pool, fields, "Cache-Control");

    return says(r, control, "no-store") || says(r, control, "private");
}

/* Once the handler or the backend has said what it thinks of caches. A page with a token in its
 * address must not be named to others by the browser. */
static void say_private(request_rec *r, apr_table_t *fields)
{
    const bearer_request *origin = origin_of(r);

    if (origin->private_answer && !is_private(r, fields)) {
        apr_table_unset(fields, "Cache-Control");
        if (!is_private(r, r->err_headers_out))
            apr_table_setn(fields, "Cache-Control", "private");
    }
    if (origin->in_address && apr_table_get(fields, "Referrer-Policy") == NULL)
        apr_table_setn(fields, "Referrer-Policy", "no-referrer");
}

static apr_status_t filter(ap_filter_t *f, apr_bucket_brigade *out)
{
    say_private(f->r, f->r->headers_out);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, out);
}

/* mod_cache asks no_cache, whatever it was told to make of Cache-Control. */
static void guard(request_rec *r)
{
    r->no_cache = 1;
    ap_add_output_filter_handle(private_filter, NULL, r, r->connection);
}

void bearer_private_answer(request_rec *r)
{
    bool is_part = r->main != NULL;

    origin_of(r)->private_answer = true;
    while (r->main != NULL)
        r = r->main;
    /* It may be answered already, past filters that come now. mod_include has sent the fields by
     * then: docs/security.md says what helps. */
    if (is_part) {
        say_private(r, r->headers_out);
        guard(r);
    }
}

/* Hidden refusals look like httpd's own, with the page of an ErrorDocument too. */
static bool is_error_page(const request_rec *r)
{
    for (r = r->prev; r != NULL; r = r->prev)
        if (ap_is_HTTP_ERROR(r->status))
            return true;
    return false;
}

void bearer_private_insert(request_rec *r)
{
    const bearer_request *origin = bearer_request_find(bearer_request_origin(r));

    if (origin == NULL || r->main != NULL)
        return;
    /* mod_cache has an address with a token as its key, whoever looked at that token. */
    if (origin->private_answer || (origin->in_address && !is_error_page(r)))
        guard(r);
    if (origin->in_address)
        r->no_cache = 1;
}

/* Filters as ours are left out then, and these fields alone are sent. */
void bearer_private_insert_error(request_rec *r)
{
    const bearer_request *origin = bearer_request_find(bearer_request_origin(r));

    if (origin != NULL && origin->private_answer)
        say_private(r, r->err_headers_out);
}

void bearer_private_register(void)
{
    private_filter = ap_register_output_filter("BEARER_PRIVATE", filter, NULL,
                                               AP_FTYPE_CONTENT_SET);
}
