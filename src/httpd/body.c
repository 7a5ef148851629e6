#include "bearer/answer.h"
#include "bearer/index.h"

#include <stdlib.h>
#include <http_core.h>
#include <http_protocol.h>
#include <mod_core.h>
#include <util_filter.h>
#include <apr_lib.h>
#include <apr_strings.h>

static const char filter_name[] = "BEARER_ERROR_BODY";

/* How precisely a media range of Accept names type/subtype: 0 not at all, 1 for any type, 2 for any
 * subtype, 3 exactly. */
static int precision(bearer_span range, const char *type, const char *subtype)
{
    size_t len = strlen(type);

    if (bearer_span_is(range, "*/*"))
        return 1;
    if (!bearer_span_begins_nocase(range, type) || range.len <= len || range.ptr[len] != '/')
        return 0;
    range = bearer_span_after(range, len + 1);
    return bearer_span_is(range, "*") ? 2 : bearer_span_is_nocase(range, subtype) ? 3 : 0;
}

static bearer_span trim(bearer_span text)
{
    while (text.len > 0 && apr_isspace(text.ptr[0]))
        text = bearer_span_after(text, 1);
    while (text.len > 0 && apr_isspace(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* RFC 9110 section 12.4.2, in thousandths; 1000 where there is no q, 0 for one that is no
 * weight. */
static int weight_of(apr_pool_t *pool, bearer_span parameters)
{
    bearer_span one;
    char *end;
    double q;

    while (bearer_span_next_word(&parameters, ';', &one)) {
        one = trim(one);
        if (!bearer_span_begins_nocase(one, "q="))
            continue;
        q = strtod(apr_pstrmemdup(pool, one.ptr + 2, one.len - 2), &end);
        return *end == '\0' && q >= 0 && q <= 1 ? (int)(q * 1000) : 0;
    }
    return 1000;
}

/* The quality that an Accept field gives a type: that of the most precise range. */
static int quality(apr_pool_t *pool, const char *accept, const char *type, const char *subtype)
{
    bearer_span rest = bearer_span_of(accept), item, range;
    int best = 0, found = 0;

    while (bearer_span_next_word(&rest, ',', &item)) {
        int precise = 0;

        if (bearer_span_next_word(&item, ';', &range))
            precise = precision(trim(range), type, subtype);
        if (precise > best) {
            best = precise;
            found = weight_of(pool, item);
        }
    }
    return found;
}

static bool prefers_html(request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");
    int html, problem, json;

    if (accept == NULL)
        return false;
    html = quality(r->pool, accept, "text", "html");
    problem = quality(r->pool, accept, "application", "problem+json");
    json = quality(r->pool, accept, "application", "json");
    return html > problem && html > json;
}

/* The HTTP phrase: "401 Unauthorized" without its number. */
static const char *phrase(int status)
{
    return ap_get_status_line(status) + 4;
}

static const char *member(apr_pool_t *pool, const char *name, const char *value)
{
    return value != NULL ? apr_psprintf(pool, ",\"%s\":\"%s\"", name, value) : "";
}

/* Where RFC 6750 has no code for the challenge: those of RFC 6749 section 4.1.2.1, and for 401,
 * which it has not, a word that says so. */
static const char *code_of(const bearer_answer *answer)
{
    if (answer->error != NULL)
        return answer->error;
    switch (answer->status) {
    case HTTP_FORBIDDEN:
        return "access_denied";
    case HTTP_SERVICE_UNAVAILABLE:
        return "temporarily_unavailable";
    case HTTP_REQUEST_ENTITY_TOO_LARGE:
        return "invalid_request";
    default:
        return "unauthorized";
    }
}

/* All texts are constants of ours without quotes or backslashes: nothing here needs escaping. */
static const char *compose(request_rec *r, const bearer_conf *conf, const bearer_request *request)
{
    const bearer_answer *answer = bearer_answer_get(request->shown);
    const char *detail = conf->detail ? answer->description : NULL;

    if (conf->body == BEARER_BODY_JSON)
        return apr_psprintf(r->pool, "{\"error\":\"%s\"%s}\n", code_of(answer),
                            member(r->pool, "error_description", detail));
    return apr_psprintf(r->pool, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d%s%s}\n",
                        phrase(r->status), r->status, member(r->pool, "detail", detail),
                        member(r->pool, "error", answer->error));
}

/* The first brigade is replaced by our body, all later ones are dropped. */
static apr_status_t replace_body(ap_filter_t *f, apr_bucket_brigade *brigade)
{
    request_rec *r = f->r;
    const bearer_conf *conf = bearer_conf_get(r);
    const char *text = compose(r, conf, bearer_request_get(r));
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    apr_brigade_cleanup(brigade);
    if (f->ctx != NULL)
        return APR_SUCCESS;
    f->ctx = f;
    ap_set_content_type(r, conf->body == BEARER_BODY_JSON ? "application/json"
                                                          : "application/problem+json");
    ap_set_content_length(r, (apr_off_t)strlen(text));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_pool_create(text, strlen(text), r->pool, alloc));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
    return ap_pass_brigade(f->next, brigade);
}

void bearer_body_insert(request_rec *r)
{
    const bearer_conf *conf = bearer_conf_get(r);
    const bearer_request *request = bearer_request_find(r);

    bearer_index_settle(r);
    if (request == NULL || request->status == 0 || conf->body == BEARER_BODY_HTTPD)
        return;
    if (r->proxyreq == PROXYREQ_PROXY ? r->status != HTTP_PROXY_AUTHENTICATION_REQUIRED
                                        && r->status != request->status
                                      : r->status != request->status)
        return;
    /* What the administrator wrote as ErrorDocument goes before. */
    if (ap_response_code_string(r, ap_index_of_response(r->status)) != NULL)
        return;
    if (conf->body == BEARER_BODY_AUTO && prefers_html(r))
        return;
    ap_add_output_filter(filter_name, NULL, r, r->connection);
}

void bearer_body_register(void)
{
    ap_register_output_filter(filter_name, replace_body, NULL, AP_FTYPE_CONTENT_SET);
}
