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

        take_cookie(&field, name, &named, &content);
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

const char *bearer_cookie_without(apr_pool_t *pool, bearer_span field, const char *name)
{
    char *out = apr_palloc(pool, field.len * 2 + 1), *end = out;    /* a blank after each `;` */
    size_t count = 0;

    while (field.len > 0) {
        bearer_span content, whole;
        bool named;

        whole = take_cookie(&field, name, &named, &content);
        if (named || whole.len == 0)
            continue;
        if (count++ > 0) {
            memcpy(end, "; ", 2);
            end += 2;
        }
        memcpy(end, whole.ptr, whole.len);
        end += whole.len;
    }
    *end = '\0';
    return count > 0 ? out : NULL;
}
