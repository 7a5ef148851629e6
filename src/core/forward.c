#include "bearer/forward.h"
#include "bearer/json_text.h"

#include <string.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

static char fold(char c)
{
    return apr_isalnum(c) ? (char)apr_tolower(c) : '-';
}

bool bearer_forward_same(bearer_span a, bearer_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (fold(a.ptr[i]) != fold(b.ptr[i]))
            return false;
    return true;
}

bool bearer_forward_among(const char *const *names, bearer_span name)
{
    for (; names != NULL && *names != NULL; names++)
        if (bearer_forward_same(bearer_span_of(*names), name))
            return true;
    return false;
}

static void add_new(apr_array_header_t *all, const char *name)
{
    for (int i = 0; i < all->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(all, i, const char *), name) == 0)
            return;
    APR_ARRAY_PUSH(all, const char *) = name;
}

const char *const *bearer_forward_join(apr_pool_t *pool, const char *const *names,
                                       const char *const *more)
{
    apr_array_header_t *all;

    if (names == NULL || more == NULL || names == more)
        return names != NULL ? names : more;
    all = apr_array_make(pool, 8, sizeof(const char *));
    for (; *names != NULL; names++)
        add_new(all, *names);
    for (; *more != NULL; more++)
        add_new(all, *more);
    APR_ARRAY_PUSH(all, const char *) = NULL;
    return (const char *const *)all->elts;
}

/* Names that are about the message, its way, its sender's rights, or what is asked for. A star
 * stands for whatever follows. */
static const char *const refused[] = {
    "connection", "keep-alive",  "proxy",       "proxy-*",    "te",           "trailer",
    "trailers",   "transfer-*",  "upgrade*",    "http2-*",    "host",         "content-*",
    "expect",     "date",        "max-forwards", "via",       "forwarded",    "x-forwarded-for",
    "x-forwarded-host", "x-forwarded-server", "x-forwarded-proto", "x-forwarded-port",
    "x-forwarded-prefix", "x-original-url", "x-rewrite-url", "x-http-method*", "if",  "if-*",
    "range",      "accept",      "accept-*",    "access-control-*", "cache-control", "pragma",
    "early-data", "depth",       "destination", "overwrite",  "lock-token",   "timeout",
    "authorization", "www-*",       "dpop", "cookie*",   "set-cookie*",  "origin",
    "referer",    "sec-*",       "user-agent",  NULL
};

static bool is_refused(bearer_span name)
{
    for (const char *const *one = refused; *one != NULL; one++) {
        size_t len = strlen(*one);
        bool family = (*one)[len - 1] == '*';
        bearer_span begins = { name.ptr, family && name.len >= len - 1 ? len - 1 : name.len };

        if (bearer_forward_same(begins, (bearer_span){ *one, family ? len - 1 : len }))
            return true;
    }
    return false;
}

const char *bearer_forward_refuse(apr_pool_t *pool, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-";

    if (!apr_isalpha(*name) || name[strspn(name, letters)] != '\0')
        return apr_psprintf(pool, "'%s' is no name for a header of a claim: want letters, digits"
                            " and -, a letter first", name);
    if (is_refused(bearer_span_of(name)))
        return apr_psprintf(pool, "the header %s means something of its own to servers and"
                            " clients: want another one, as in X-User", name);
    return NULL;
}

/* mod_proxy parts the field so, commas or not. */
static bool is_between(char c)
{
    return c == ',' || c == ';' || apr_isspace(c);
}

const char *bearer_forward_connection(apr_pool_t *pool, const char *value,
                                      const char *const *names)
{
    char *left = apr_palloc(pool, 2 * strlen(value) + 1), *end = left;
    bool found = false;

    for (const char *at = value; *at != '\0';) {
        bearer_span word = { at, 0 };

        while (at[word.len] != '\0' && !is_between(at[word.len]))
            word.len++;
        at += word.len > 0 ? word.len : 1;
        if (bearer_forward_among(names, word))
            found = true;
        else if (word.len > 0) {
            if (end != left) {
                *end++ = ',';
                *end++ = ' ';
            }
            memcpy(end, word.ptr, word.len);
            end += word.len;
        }
    }
    *end = '\0';
    return !found ? value : end != left ? left : NULL;
}

static bool stands(bearer_span text, size_t i, bool comma)
{
    char c = text.ptr[i];

    if (c == ' ')
        return i > 0 && i < text.len - 1;
    return c > ' ' && c <= '~' && c != '%' && (c != ',' || comma);
}

/* Percent-encoding (RFC 3986 section 2.1) of what does not stand as it is. */
static const char *encode(apr_pool_t *pool, bearer_span text, bool comma)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = apr_palloc(pool, 3 * text.len + 1), *end = out;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (!stands(text, i, comma)) {
            *end++ = '%';
            *end++ = hex[c >> 4];
            *end++ = hex[c & 15];
        }
        else
            *end++ = (char)c;
    }
    *end = '\0';
    return out;
}

/* NULL if memory fails. */
static const char *write_one(apr_pool_t *pool, const bearer_json *value, bool comma)
{
    const char *json;

    if (bearer_json_kind_of(value) == BEARER_JSON_STRING)
        return encode(pool, bearer_json_text(value), false);
    json = bearer_json_print(pool, value);
    return json != NULL ? encode(pool, bearer_span_of(json), comma) : NULL;
}

static const char *write_elements(apr_pool_t *pool, const bearer_json *array)
{
    size_t count = bearer_json_count(array);
    apr_array_header_t *texts = apr_array_make(pool, (int)count, sizeof(const char *));

    for (size_t i = 0; i < count; i++) {
        const char *text = write_one(pool, bearer_json_item(array, i), false);

        if (text == NULL)
            return NULL;
        APR_ARRAY_PUSH(texts, const char *) = text;
    }
    return apr_array_pstrcat(pool, texts, ',');
}

bool bearer_forward_text(apr_pool_t *pool, const bearer_json *value, const char **text)
{
    bool array = bearer_json_kind_of(value) == BEARER_JSON_ARRAY;

    *text = NULL;
    if (bearer_json_kind_of(value) == BEARER_JSON_NULL || (array && bearer_json_count(value) == 0))
        return true;
    *text = array ? write_elements(pool, value) : write_one(pool, value, true);
    return *text != NULL;
}
