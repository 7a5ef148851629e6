#include "bearer/form.h"

#include <string.h>
#include <apr_strings.h>

/* The value of a hexadecimal digit, -1 if it is none. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes one character and steps over it. -1 for an escape that is none. */
static int next_char(bearer_span *text)
{
    char c = *text->ptr;
    int high, low;

    *text = bearer_span_after(*text, 1);
    if (c == '+')
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    high = text->len >= 2 ? hex_value(text->ptr[0]) : -1;
    low = text->len >= 2 ? hex_value(text->ptr[1]) : -1;
    if (high < 0 || low < 0)
        return -1;
    *text = bearer_span_after(*text, 2);
    return high * 16 + low;
}

static bool is_name(bearer_span text, const char *name)
{
    while (text.len > 0 && *name != '\0')
        if (next_char(&text) != (unsigned char)*name++)
            return false;
    return text.len == 0 && *name == '\0';
}

/* Takes the first parameter off: its name, and its value, if it has one. */
static bearer_span take_parameter(bearer_span *rest, bearer_span *name, bearer_span *value)
{
    const char *end = memchr(rest->ptr, '&', rest->len), *equals;
    bearer_span whole = { rest->ptr, end != NULL ? (size_t)(end - rest->ptr) : rest->len };

    *rest = bearer_span_after(*rest, end != NULL ? whole.len + 1 : whole.len);
    equals = memchr(whole.ptr, '=', whole.len);
    *name = (bearer_span){ whole.ptr, equals != NULL ? (size_t)(equals - whole.ptr) : whole.len };
    *value = equals != NULL ? bearer_span_after(whole, name->len + 1)
                            : bearer_span_after(whole, whole.len);
    return whole;
}

static bool decode(apr_pool_t *pool, bearer_span text, bearer_span *value)
{
    char *out = apr_palloc(pool, text.len + 1), *end = out;

    while (text.len > 0) {
        int c = next_char(&text);

        if (c <= 0)
            return false;
        *end++ = (char)c;
    }
    *end = '\0';
    *value = (bearer_span){ out, (size_t)(end - out) };
    return true;
}

bearer_found bearer_form_find(apr_pool_t *pool, bearer_span text, const char *name,
                              bearer_span *value)
{
    bearer_span found = { NULL, 0 };

    while (text.len > 0) {
        bearer_span one, content;

        take_parameter(&text, &one, &content);
        if (!is_name(one, name))
            continue;
        if (found.ptr != NULL)
            return BEARER_WRONG;
        found = content;
    }
    if (found.ptr == NULL)
        return BEARER_ABSENT;
    return decode(pool, found, value) ? BEARER_PRESENT : BEARER_WRONG;
}

bearer_span bearer_form_without(apr_pool_t *pool, bearer_span text, const char *name)
{
    char *out = apr_palloc(pool, text.len + 1), *end = out;
    size_t kept = 0;
    bool more = text.len > 0;

    while (more) {
        bearer_span one, content, before = text, whole = take_parameter(&text, &one, &content);

        more = before.len > whole.len;      /* an `&` follows */
        if (is_name(one, name))
            continue;
        if (kept++ > 0)
            *end++ = '&';
        memcpy(end, whole.ptr, whole.len);
        end += whole.len;
    }
    *end = '\0';
    return (bearer_span){ out, (size_t)(end - out) };
}

const char *bearer_form_strip(apr_pool_t *pool, const char *text, const char *name)
{
    const char *query = strchr(text, '?');
    bearer_span before, left;

    if (query == NULL)
        return NULL;
    before = (bearer_span){ query + 1, strcspn(query + 1, " #") };
    left = bearer_form_without(pool, before, name);
    if (left.len == before.len)
        return NULL;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(query - text)),
                       left.len > 0 ? "?" : "", left.ptr, before.ptr + before.len, NULL);
}
