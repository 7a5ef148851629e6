#include "bearer/path.h"

#include <string.h>
#include <apr_strings.h>
#include <apr_tables.h>

/* RFC 6901 section 4: ~1 is a slash, ~0 a tilde, any other ~ an error. */
static bool unescape(char *step)
{
    char *out = step;

    for (const char *in = step; *in != '\0'; in++) {
        if (*in != '~')
            *out++ = *in;
        else if (in[1] == '0' || in[1] == '1')
            *out++ = *++in == '0' ? '~' : '/';
        else
            return false;
    }
    *out = '\0';
    return true;
}

const char *bearer_path_make(apr_pool_t *pool, const char *text, const bearer_path **path)
{
    apr_array_header_t *steps = apr_array_make(pool, 4, sizeof(const char *));
    bearer_path *made = apr_pcalloc(pool, sizeof(*made));
    char *rest = apr_pstrdup(pool, text);

    made->text = apr_pstrdup(pool, text);
    made->pointer = *text == '/';
    if (made->pointer)
        rest++;
    while (rest != NULL) {
        char *step = rest, *end = strchr(rest, made->pointer ? '/' : '.');

        rest = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        if (*step == '\0')
            return "a step of the path is empty";
        if (made->pointer && !unescape(step))
            return "in a JSON Pointer '~' is followed by 0 or 1";
        APR_ARRAY_PUSH(steps, const char *) = step;
    }
    APR_ARRAY_PUSH(steps, const char *) = NULL;
    made->steps = (const char *const *)steps->elts;
    *path = made;
    return NULL;
}

/* RFC 6901 section 4: an array index is digits without a leading zero. Nine digits are more than
 * any token holds. */
static const bearer_json *element(const bearer_json *array, const char *step)
{
    size_t i = 0, n = strspn(step, "0123456789");

    if (n == 0 || n > 9 || step[n] != '\0' || (n > 1 && *step == '0'))
        return NULL;
    for (; *step != '\0'; step++)
        i = i * 10 + (size_t)(*step - '0');
    return bearer_json_item(array, i);
}

const bearer_json *bearer_path_find(const bearer_path *path, const bearer_json *object)
{
    const bearer_json *at = object;

    for (const char *const *step = path->steps; at != NULL && *step != NULL; step++) {
        if (path->pointer && bearer_json_kind_of(at) == BEARER_JSON_ARRAY)
            at = element(at, *step);
        else
            at = bearer_json_member(at, *step);
    }
    return at;
}
