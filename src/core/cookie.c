#include "bearer/cookie.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bearer_span trim(bearer_span text)
{
    while (text.len > 0 && is_blank(*text.ptr))
        text = bearer_span_after(text, 1);
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

/* Takes the first cookie off; whether it has that name, and its value then. */
static bearer_span take_cookie(bearer_span *rest, const char *name, bool *named, bearer_span *value)
{
    const char *end = memchr(rest->ptr, ';', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    bearer_span whole = trim((bearer_span){ rest->ptr, len });
    const char *equals = memchr(whole.ptr, '=', whole.len);
    bearer_span first = { whole.ptr, equals != NULL ? (size_t)(equals - whole.ptr) : whole.len };

    *rest = bearer_span_after(*rest, end != NULL ? len + 1 : len);
    *named = equals != NULL && bearer_span_is(trim(first), name);
    *value = *named ? trim(bearer_span_after(whole, first.len + 1)) : (bearer_span){ NULL, 0 };
    return whole;
}

/* httpd joins repeated fields with a comma: such a cookie of that name behind one, to the next
 * comma. Empty if there is none. */
static bearer_span joined(bearer_span cookie, const char *name)
{
    const char *comma = memchr(cookie.ptr, ',', cookie.len);

    while (comma != NULL) {
        bearer_span rest = { comma, cookie.len - (size_t)(comma - cookie.ptr) };
        bearer_span behind = bearer_span_after(rest, 1), value;
        const char *next = memchr(behind.ptr, ',', behind.len);
        bool named;

        if (next != NULL)
            behind.len = (size_t)(next - behind.ptr);
        rest.len = behind.len + 1;
        take_cookie(&behind, name, &named, &value);
        if (named)
            return rest;
        comma = next;
    }
    return (bearer_span){ cookie.ptr, 0 };
}

static bearer_span unquote(bearer_span value)
{
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        return (bearer_span){ value.ptr + 1, value.len - 2 };
    return value;
}

bearer_found bearer_cookie_find(bearer_span field, const char *name, bearer_span *value)
{
    bearer_found found = BEARER_ABSENT;

    while (field.len > 0) {
        bearer_span content;
        bool named;

        if (joined(take_cookie(&field, name, &named, &content), name).len > 0)
            return BEARER_WRONG;
        content = unquote(content);
        if (!named || content.len == 0)
            continue;
        if (found == BEARER_PRESENT)
            return BEARER_WRONG;
        found = BEARER_PRESENT;
        *value = content;
    }
    return found;
}

/* Appends a cookie, without those that were joined to it. */
static char *append(char *end, bearer_span cookie, const char *name)
{
    for (bearer_span cut = joined(cookie, name); cut.len > 0; cut = joined(cookie, name)) {
        size_t before = (size_t)(cut.ptr - cookie.ptr);

        memcpy(end, cookie.ptr, before);
        end += before;
        cookie = bearer_span_after(cookie, before + cut.len);
    }
    memcpy(end, cookie.ptr, cookie.len);
    return end + cookie.len;
}

const char *bearer_cookie_without(apr_pool_t *pool, bearer_span field, const char *name)
{
    char *out = apr_palloc(pool, field.len * 2 + 3), *end = out;    /* a blank after each `;` */

    while (field.len > 0) {
        bearer_span content, whole;
        bool named;
        char *begin = end == out ? out : end + strlen("; "), *behind;

        whole = take_cookie(&field, name, &named, &content);
        behind = named ? begin : append(begin, whole, name);
        while (behind > begin && is_blank(behind[-1]))
            behind--;
        if (behind == begin)
            continue;
        if (begin != end)
            memcpy(end, "; ", strlen("; "));
        end = behind;
    }
    *end = '\0';
    return end > out ? out : NULL;
}
