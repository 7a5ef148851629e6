#include "bearer/locate.h"
#include "bearer/cookie.h"
#include "bearer/form.h"
#include "bearer/formbody.h"
#include "bearer/request.h"
#include "bearer/token.h"

#include <http_protocol.h>
#include <scoreboard.h>
#include <apr_strings.h>

#define PARAMETER "access_token"    /* RFC 6750 sections 2.2 and 2.3 */

/* What was taken out of a request, or out of one that led to it. */
struct bearer_taken {
    const bearer_place *place;
    bearer_located found;
    bearer_taken *next;
};

typedef enum { ALONE, NAMED, EITHER } suffix;

struct bearer_way {
    const char *word;
    suffix suffix;                  /* whether `:name` may follow */
    const char *name;               /* the default */
    bool is_field;                  /* the field of credentials */
    bool is_last;                   /* counts only if no other place has a token */
    bearer_located (*look)(request_rec *r, const bearer_place *place);
    bearer_located (*take)(request_rec *r, const bearer_place *place, bool keep);
};

const char *bearer_locate_field(const request_rec *r)
{
    return r->proxyreq == PROXYREQ_PROXY ? "Proxy-Authorization" : "Authorization";
}

static bearer_located nothing(void)
{
    return (bearer_located){ .field = BEARER_FIELD_OTHER };
}

/* A value that is a token, or should be one. */
static bearer_located value_of(bearer_found found, bearer_span value)
{
    if (found == BEARER_ABSENT)
        return nothing();
    if (found == BEARER_WRONG || !bearer_credentials_b64token(value))
        return (bearer_located){
            .field = BEARER_FIELD_MALFORMED,
            .detail = found == BEARER_WRONG ? "it stands there twice, or is wrongly written"
                                            : "it is empty, or has characters that no token has",
        };
    return (bearer_located){ .field = BEARER_FIELD_TOKEN, .token = value };
}

/* The Authorization field */

static bearer_located look_in_header(request_rec *r, const bearer_place *place)
{
    const char *value = apr_table_get(r->headers_in, bearer_locate_field(r));
    bearer_located found = nothing();

    (void)place;
    if (value != NULL)
        found.field = bearer_credentials_read(bearer_span_of(value), &found.token);
    if (found.field == BEARER_FIELD_MALFORMED)
        found.detail = bearer_credentials_complaint(bearer_span_of(value));
    return found;
}

/* Beside mod_auth_basic only what looks like a JWT is a token: all else is a password, and that
 * one's. */
static bearer_located look_in_password(request_rec *r, const bearer_place *place)
{
    const char *value = apr_table_get(r->headers_in, bearer_locate_field(r));
    bearer_located found = { .field = BEARER_FIELD_TOKEN };
    char *text, *colon;

    (void)place;
    if (value == NULL || !bearer_span_begins_nocase(bearer_span_of(value), "Basic "))
        return nothing();
    value += strlen("Basic ");
    value += strspn(value, " ");
    if (strpbrk(value, ", \t") != NULL)    /* two fields were joined */
        return (bearer_located){ .field = BEARER_FIELD_MALFORMED,
                                 .detail = "two credentials stand in one field" };
    text = ap_pbase64decode(r->pool, value);
    colon = strchr(text, ':');
    if (colon == NULL || colon[1] == '\0')
        return nothing();
    *colon = '\0';
    found.user = text;
    found.token = bearer_span_of(colon + 1);
    if (bearer_mode_of(r, bearer_conf_get(r)) == BEARER_BESIDE && !bearer_token_is_jwt(found.token))
        return nothing();
    return found;
}

/* Forms */

static bearer_located look_in_form(request_rec *r, const bearer_place *place)
{
    request_rec *origin = bearer_request_origin(r);
    bearer_request *request = bearer_request_get(origin);
    bearer_span value = { NULL, 0 };
    bearer_found found;

    if (request->form == NULL)
        request->form = bearer_formbody_read(r, origin->pool);
    if (request->form->status != 0)
        return (bearer_located){ .field = BEARER_FIELD_MALFORMED, .status = request->form->status,
                                 .lost = request->form->lost };
    found = bearer_form_find(origin->pool, request->form->text, place->name, &value);
    return value_of(found, value);
}

/* What is taken out before anybody looks */

static bearer_located look_among_taken(request_rec *r, const bearer_place *place)
{
    for (; r != NULL; r = bearer_request_before(r)) {
        const bearer_request *request = bearer_request_find(r);
        const bearer_taken *one = request != NULL ? request->taken : NULL;

        for (; one != NULL; one = one->next)
            if (one->place->way == place->way && strcmp(one->place->name, place->name) == 0)
                return one->found;
    }
    return nothing();
}

static void strip(apr_pool_t *pool, char **text, const char *name)
{
    const char *left = *text != NULL ? bearer_form_strip(pool, *text, name) : NULL;

    if (left != NULL)
        *text = (char *)left;
}

/* Wherever httpd keeps the query: what is logged, what a rewritten request goes to, what the status
 * page shows from now on, and the page that a browser says it came from. */
static void strip_request(request_rec *r, const char *name)
{
    char *referer = (char *)apr_table_get(r->headers_in, "Referer"), *before = referer;
    bearer_span query = bearer_span_of(r->args);
    bearer_span left = bearer_form_without(r->pool, query, name);

    if (left.len != query.len)
        r->parsed_uri.query = r->args = left.len > 0 ? (char *)left.ptr : NULL;
    strip(r->pool, &r->the_request, name);
    strip(r->pool, &r->unparsed_uri, name);
    if (r->filename != NULL && bearer_span_begins_nocase(bearer_span_of(r->filename), "proxy:"))
        strip(r->pool, &r->filename, name);
    strip(r->pool, &referer, name);
    if (referer != before)
        apr_table_setn(r->headers_in, "Referer", referer);
}

static bearer_located take_from_query(request_rec *r, const bearer_place *place, bool keep)
{
    request_rec *origin = bearer_request_origin(r);
    bearer_span value = { NULL, 0 };
    bearer_found found = bearer_form_find(origin->pool, bearer_span_of(r->args), place->name,
                                          &value);

    (void)keep;
    strip_request(r, place->name);
    if (found == BEARER_ABSENT)
        return nothing();
    bearer_request_get(origin)->in_address = true;
    ap_update_child_status(r->connection->sbh, SERVER_BUSY_WRITE, r);
    return value_of(found, value);
}

static bearer_located take_from_cookies(request_rec *r, const bearer_place *place, bool keep)
{
    apr_pool_t *pool = bearer_request_origin(r)->pool;
    const char *field = apr_table_get(r->headers_in, "Cookie"), *left;
    bearer_span value = { NULL, 0 };
    bearer_found found = bearer_cookie_find(bearer_span_of(field), place->name, &value);

    if (found == BEARER_PRESENT)
        value = bearer_span_of(apr_pstrmemdup(pool, value.ptr, value.len));
    if (found == BEARER_ABSENT || keep)
        return value_of(found, value);
    left = bearer_cookie_without(r->pool, bearer_span_of(field), place->name);
    if (left != NULL)
        apr_table_setn(r->headers_in, "Cookie", left);
    else
        apr_table_unset(r->headers_in, "Cookie");
    return value_of(found, value);
}

/* The token alone, or as in Authorization. */
static bearer_located take_from_field(request_rec *r, const bearer_place *place, bool keep)
{
    const char *value = apr_table_get(r->headers_in, place->name);
    bearer_located found = { .field = BEARER_FIELD_TOKEN };

    if (value == NULL)
        return nothing();
    found.token = bearer_span_of(apr_pstrdup(bearer_request_origin(r)->pool, value));
    if (!bearer_credentials_b64token(found.token)
        && bearer_credentials_read(found.token, &found.token) != BEARER_FIELD_TOKEN)
        found = (bearer_located){ .field = BEARER_FIELD_MALFORMED,
                                  .detail = "it is empty, or has characters that no token has" };
    if (!keep)
        apr_table_unset(r->headers_in, place->name);
    return found;
}

static const bearer_way ways[] = {
    { "header", ALONE, NULL, true, false, look_in_header, NULL },
    { "header", NAMED, NULL, false, false, look_among_taken, take_from_field },
    { "basic", ALONE, NULL, true, false, look_in_password, NULL },
    { "form", EITHER, PARAMETER, false, false, look_in_form, NULL },
    { "query", EITHER, PARAMETER, false, false, look_among_taken, take_from_query },
    { "cookie", NAMED, NULL, false, true, look_among_taken, take_from_cookies },
};

const bearer_place bearer_place_header = { &ways[0], NULL };

/* RFC 9110 section 5.6.2 for fields, RFC 6265 section 4.1.1 for cookies; a parameter of another
 * name would only be a trap. Authorization has a way of its own, and fields that httpd reads itself
 * are not taken away from it. */
static const char *refuse_name(const bearer_way *way, const char *name)
{
    static const char *const fields[] = {
        "Authorization", "Proxy-Authorization", "Cookie", "Host", "Connection", "Content-Length",
        "Content-Type", "Transfer-Encoding", "Expect", "Upgrade", "TE", "Trailer", "Range",
    };

    if (*name == '\0'
        || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "!#$%&'*+-.^_`|~")] != '\0')
        return "want a name of letters, digits and - _ . after the colon";
    for (size_t i = 0; way->take == take_from_field && i < sizeof(fields) / sizeof(*fields); i++)
        if (ap_cstr_casecmp(name, fields[i]) == 0)
            return "that field is no place for a token of its own";
    return NULL;
}

const bearer_place *bearer_place_make(apr_pool_t *pool, const char *word, const char **error)
{
    const char *colon = strchr(word, ':');
    bearer_span kind = { word, colon != NULL ? (size_t)(colon - word) : strlen(word) };
    bearer_place *place = apr_palloc(pool, sizeof(*place));

    *error = "want header, header:Name, basic, form[:name], query[:name] or cookie:name";
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        const bearer_way *way = &ways[i];

        if (!bearer_span_is(kind, way->word) || way->suffix == (colon != NULL ? ALONE : NAMED))
            continue;
        *place = (bearer_place){ way, colon != NULL ? apr_pstrdup(pool, colon + 1) : way->name };
        *error = colon != NULL ? refuse_name(way, place->name) : NULL;
        return *error == NULL ? place : NULL;
    }
    return NULL;
}

/* Another origin's cookies, query and forms are no business of a forward proxy. */
static bool is_here(const request_rec *r, const bearer_place *place)
{
    return place->way->is_field || r->proxyreq != PROXYREQ_PROXY;
}

/* For this request and those that follow from it. */
static void remember(request_rec *r, const bearer_place *place, bearer_located found)
{
    bearer_request *request;
    bearer_taken *taken;

    if (found.field == BEARER_FIELD_OTHER)
        return;
    request = bearer_request_get(r);
    taken = apr_palloc(r->pool, sizeof(*taken));
    *taken = (bearer_taken){ place, found, request->taken };
    request->taken = taken;
}

/* A part of a page may have a query of its own, whose token is no other part's; if it has none,
 * that of the request that it came from counts. Fields are the client's, whoever finds them. */
void bearer_locate_take(request_rec *r, const bearer_conf *conf)
{
    bool keep = conf->pass == BEARER_PASS_ON;

    for (const bearer_place *const *place = conf->places; *place != NULL; place++) {
        const bearer_way *way = (*place)->way;

        if (way->take == NULL || !is_here(r, *place))
            continue;
        if (way->take != take_from_query)
            remember(bearer_request_origin(r), *place, way->take(r, *place, keep));
        else
            for (request_rec *one = r; one != NULL; one = bearer_request_before(one))
                remember(one, *place, way->take(one, *place, keep));
    }
}

/* Of the places that come first, or of those that come last. */
static bearer_located look(request_rec *r, const bearer_conf *conf, bool last)
{
    bearer_located found = nothing();

    for (const bearer_place *const *place = conf->places; *place != NULL; place++) {
        bearer_located one;

        if ((*place)->way->is_last != last || !is_here(r, *place))
            continue;
        one = (*place)->way->look(r, *place);
        if (one.field == BEARER_FIELD_OTHER)
            continue;
        one.place = *place;
        if (found.field == BEARER_FIELD_TOKEN && one.field == BEARER_FIELD_TOKEN)
            one.detail = "two ways have a token";
        if (found.field == BEARER_FIELD_TOKEN)
            one.field = BEARER_FIELD_MALFORMED;
        if (one.field == BEARER_FIELD_MALFORMED)
            return one;
        found = one;
    }
    return found;
}

/* Beside another AuthType, where whatever stands in the field is a credential. */
static bool is_for_another_module(request_rec *r, const bearer_conf *conf)
{
    const char *value = apr_table_get(r->headers_in, bearer_locate_field(r));

    return value != NULL && *value != '\0' && bearer_mode_of(r, conf) == BEARER_BESIDE;
}

bearer_located bearer_locate(request_rec *r, const bearer_conf *conf)
{
    bearer_located found = look(r, conf, false);

    return found.field == BEARER_FIELD_OTHER && !is_for_another_module(r, conf)
               ? look(r, conf, true) : found;
}

bool bearer_locate_is_in_field(request_rec *r, const bearer_conf *conf)
{
    for (const bearer_place *const *place = conf->places; *place != NULL; place++)
        if ((*place)->way->is_field && (*place)->way->look(r, *place).field != BEARER_FIELD_OTHER)
            return true;
    return false;
}

bool bearer_located_in_field(const bearer_located *located)
{
    return located->place == NULL || located->place->way->is_field;
}

const char *bearer_place_words(apr_pool_t *pool, const bearer_place *place)
{
    return place->name == NULL ? place->way->word
                               : apr_pstrcat(pool, place->way->word, ":", place->name, NULL);
}

const char *bearer_place_field(const bearer_place *place)
{
    return place->way->take == take_from_field ? place->name : NULL;
}

bool bearer_place_is_form(const bearer_place *place)
{
    return place->way->look == look_in_form;
}

static bool has_way(const bearer_conf *conf, bool basic)
{
    for (const bearer_place *const *place = conf->places; *place != NULL; place++)
        if (((*place)->way->look == look_in_password) == basic)
            return true;
    return false;
}

bool bearer_offers_bearer(const bearer_conf *conf)
{
    return has_way(conf, false);
}

bool bearer_offers_basic(const bearer_conf *conf)
{
    return has_way(conf, true);
}
