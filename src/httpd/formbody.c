#include "bearer/formbody.h"
#include "bearer/request.h"

#include <http_protocol.h>
#include <util_filter.h>
#include <apr_buckets.h>
#include <apr_strings.h>

static const char type[] = "application/x-www-form-urlencoded";

static ap_filter_rec_t *replay_filter;

/* Speculative readers get copies, all others take what they get. */
static void hand_out(apr_bucket_brigade *kept, apr_bucket_brigade *out, apr_bucket *end, bool copy)
{
    apr_bucket *one = APR_BRIGADE_FIRST(kept), *next;

    for (; one != end && one != APR_BRIGADE_SENTINEL(kept); one = next) {
        next = APR_BUCKET_NEXT(one);
        if (!copy)
            APR_BUCKET_REMOVE(one);
        else if (apr_bucket_copy(one, &one) != APR_SUCCESS)
            return;
        APR_BRIGADE_INSERT_TAIL(out, one);
    }
}

/* The body once more, in the portions that the reader asks for, then whatever is behind it. */
static apr_status_t replay(ap_filter_t *f, apr_bucket_brigade *out, ap_input_mode_t mode,
                           apr_read_type_e block, apr_off_t most)
{
    apr_bucket_brigade *kept = f->ctx;
    apr_bucket *end;
    apr_status_t status;

    if (APR_BRIGADE_EMPTY(kept)) {
        ap_remove_input_filter(f);
        return ap_get_brigade(f->next, out, mode, block, most);
    }
    if (mode == AP_MODE_GETLINE)
        return apr_brigade_split_line(out, kept, block, HUGE_STRING_LEN);
    if (mode == AP_MODE_EXHAUSTIVE) {
        APR_BRIGADE_CONCAT(out, kept);
        return APR_SUCCESS;
    }
    if (mode != AP_MODE_READBYTES && mode != AP_MODE_SPECULATIVE)
        return mode == AP_MODE_INIT ? APR_SUCCESS : APR_ENOTIMPL;
    status = apr_brigade_partition(kept, most, &end);
    if (status != APR_SUCCESS && status != APR_INCOMPLETE)
        return status;
    hand_out(kept, out, end, mode == AP_MODE_SPECULATIVE);
    return APR_SUCCESS;
}

/* What was read, and what was got already but not looked at. */
static apr_bucket_brigade *put_back(request_rec *r, bearer_span text, apr_bucket_brigade *more)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *kept = apr_brigade_create(r->pool, alloc);

    if (text.len > 0)
        APR_BRIGADE_INSERT_TAIL(kept, apr_bucket_pool_create(text.ptr, text.len, r->pool, alloc));
    ap_save_brigade(NULL, &kept, &more, r->pool);
    ap_add_input_filter_handle(replay_filter, kept, r, r->connection);
    return kept;
}

/* Appends what a brigade holds, and takes it off there; the end of the body stays. HTTP status,
 * or 0. */
static int append(apr_bucket_brigade *from, char *text, size_t room, size_t *len)
{
    while (!APR_BRIGADE_EMPTY(from) && !APR_BUCKET_IS_EOS(APR_BRIGADE_FIRST(from))) {
        apr_bucket *one = APR_BRIGADE_FIRST(from);
        const char *data;
        apr_size_t n = 0;

        if (!APR_BUCKET_IS_METADATA(one)
            && apr_bucket_read(one, &data, &n, APR_BLOCK_READ) != APR_SUCCESS)
            return HTTP_BAD_REQUEST;
        if (n > room - *len)
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        if (n > 0)
            memcpy(text + *len, data, n);
        *len += n;
        apr_bucket_delete(one);
    }
    return 0;
}

/* Until its end, which is left in part, or until it does not fit: then what does not is there. */
static int read_body(request_rec *r, apr_bucket_brigade *part, char *text, size_t room,
                     size_t *len, bool *lost)
{
    int status = 0;

    while (status == 0 && APR_BRIGADE_EMPTY(part)) {
        apr_status_t got = ap_get_brigade(r->input_filters, part, AP_MODE_READBYTES, APR_BLOCK_READ,
                                          HUGE_STRING_LEN);

        *lost = got != APR_SUCCESS;
        if (*lost)
            return ap_map_http_request_error(got, HTTP_BAD_REQUEST);
        if (APR_BRIGADE_EMPTY(part))
            break;
        status = append(part, text, room, len);
    }
    *lost = status == HTTP_BAD_REQUEST;
    return status;
}

static bool is_form(const request_rec *r)
{
    bearer_span have = bearer_span_of(apr_table_get(r->headers_in, "Content-Type"));

    if (r->method_number != M_POST && r->method_number != M_PUT && r->method_number != M_PATCH)
        return false;
    if (apr_table_get(r->headers_in, "Content-Encoding") != NULL
        || !bearer_span_begins_nocase(have, type))
        return false;
    have = bearer_span_after(have, strlen(type));
    return have.len == 0 || strchr("; \t", *have.ptr) != NULL;
}

const bearer_formbody *bearer_formbody_read(request_rec *r, apr_pool_t *pool)
{
    bearer_formbody *body = apr_pcalloc(pool, sizeof(*body));
    apr_bucket_brigade *part;
    const char *length;
    apr_off_t said = BEARER_FORM_MOST;
    char *text, *end;
    size_t len = 0;

    while (r->main != NULL)
        r = r->main;
    if (!is_form(r))
        return body;
    length = apr_table_get(r->headers_in, "Content-Length");
    if (length != NULL && (apr_strtoff(&said, length, &end, 10) != APR_SUCCESS || *end != '\0'
                           || said < 0 || said > BEARER_FORM_MOST)) {
        body->status = HTTP_REQUEST_ENTITY_TOO_LARGE;
        return body;
    }
    text = apr_palloc(pool, (apr_size_t)said + 1);
    part = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    body->status = read_body(r, part, text, (size_t)said, &len, &body->lost);
    /* One that is too large may be let through all the same. */
    if (!body->lost)
        body->kept = put_back(r, (bearer_span){ text, len }, part);
    if (body->status == 0)
        body->text = (bearer_span){ text, len };
    return body;
}

/* An internal redirect begins with httpd's own filters alone. */
void bearer_formbody_insert(request_rec *r)
{
    const bearer_request *origin = bearer_request_find(bearer_request_origin(r));

    if (r->main != NULL || origin == NULL || origin->form == NULL || origin->form->kept == NULL
        || APR_BRIGADE_EMPTY(origin->form->kept))
        return;
    for (const ap_filter_t *one = r->input_filters; one != NULL; one = one->next)
        if (one->frec == replay_filter)
            return;
    ap_add_input_filter_handle(replay_filter, origin->form->kept, r, r->connection);
}

void bearer_formbody_register(void)
{
    /* Right above what speaks HTTP: filters that others put on the body find it as it came. */
    replay_filter = ap_register_input_filter("BEARER_FORM", replay, NULL,
                                             (ap_filter_type)(AP_FTYPE_PROTOCOL - 1));
}
