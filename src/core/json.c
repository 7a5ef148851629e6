#include "bearer/json.h"

#include <string.h>
#include <jansson.h>
#include <apr_strings.h>

/* 9999-12-31T23:59:59Z. A later time is a mistake of the issuer (often milliseconds), never a long
 * life. */
#define LAST_SECOND 253402300799.0

static apr_status_t drop(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

/* What a look at the text shows before it is parsed; whether it is JSON is jansson's to say. */
typedef struct {
    int depth;                      /* of the deepest level */
    size_t longest;                 /* bytes of the longest token, quotes included */
} shape;

static shape shape_of(bearer_span text)
{
    shape found = { 0, 0 };
    size_t start = 0;
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[') && ++depth > found.depth)
            found.depth = depth;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
        if (!quoted && (c == ',' || c == ':' || c == '{' || c == '[' || c == '}' || c == ']'))
            start = i;
        else if (i - start > found.longest)
            found.longest = i - start;
    }
    return found;
}

#define LEXER_BUFFER 16         /* jansson's token buffer at first; it doubles and never shrinks */

/* jansson 2.14 does not notice when its token buffer cannot grow, and goes on with a token cut
 * short: an audience could become another one. So the text is read as [rung, ..., text], the rungs
 * being strings in the middle of which the buffer doubles, until it has room for the longest token.
 * If all rungs are whole, nothing of the text can be cut. A rung is half as long again as the
 * buffer, so that not its closing quote is lost, which jansson relies on. */
static size_t rung_length(size_t buffer)
{
    return buffer + buffer / 2;
}

static json_t *load_laddered(apr_pool_t *pool, bearer_span text, size_t longest)
{
    char *all = apr_palloc(pool, text.len + 4 * (longest + LEXER_BUFFER)), *end = all;
    json_error_t error;

    *end++ = '[';
    for (size_t buffer = LEXER_BUFFER; buffer < longest + 3; buffer *= 2) {
        *end++ = '"';
        memset(end, ' ', rung_length(buffer));
        end += rung_length(buffer);
        *end++ = '"';
        *end++ = ',';
    }
    if (text.len > 0)               /* an empty span may be NULL */
        memcpy(end, text.ptr, text.len);
    end += text.len;
    *end++ = ']';
    return json_loadb(all, (size_t)(end - all), JSON_REJECT_DUPLICATES, &error);
}

/* The text behind the ladder; NULL and *cut if a rung is not whole. */
static const json_t *climb(const json_t *array, size_t longest, bool *cut)
{
    size_t i = 0;

    *cut = false;
    for (size_t buffer = LEXER_BUFFER; buffer < longest + 3; buffer *= 2, i++)
        if (json_string_length(json_array_get(array, i)) != rung_length(buffer))
            *cut = true;
    return !*cut && json_array_size(array) == i + 1 ? json_array_get(array, i) : NULL;
}

/* Memory enough for the buffer there is now: where there is none, jansson is not even asked. */
static bool have_room(size_t longest)
{
    json_malloc_t take;
    json_free_t give;
    void *room;

    json_get_alloc_funcs(&take, &give);
    room = take(4 * (longest + LEXER_BUFFER));
    if (room != NULL)
        give(room);
    return room != NULL;
}

static bearer_json_result read_once(apr_pool_t *pool, bearer_span text, size_t longest,
                                    const bearer_json **object)
{
    json_t *array;
    bool cut;

    if (!have_room(longest))
        return BEARER_JSON_NO_MEMORY;
    array = load_laddered(pool, text, longest);
    if (array == NULL)
        return BEARER_JSON_BAD;
    apr_pool_cleanup_register(pool, array, drop, apr_pool_cleanup_null);
    *object = climb(array, longest, &cut);
    return cut ? BEARER_JSON_NO_MEMORY : json_is_object(*object) ? BEARER_JSON_OK : BEARER_JSON_BAD;
}

/* jansson recurses over depth and allows 2048 levels: more stack than a small thread may have. And
 * it calls some failed allocations bad syntax: only what is bad twice is bad. */
bearer_json_result bearer_json_read(apr_pool_t *pool, bearer_span text, const bearer_json **object)
{
    shape looks = shape_of(text);
    bearer_json_result result = BEARER_JSON_BAD;

    if (looks.depth > BEARER_JSON_DEPTH)
        return BEARER_JSON_BAD;
    for (int i = 0; i < 2 && result == BEARER_JSON_BAD; i++)
        result = read_once(pool, text, looks.longest, object);
    return result;
}

bearer_json_kind bearer_json_kind_of(const bearer_json *value)
{
    static const bearer_json_kind kinds[] = {
        [JSON_OBJECT] = BEARER_JSON_OBJECT, [JSON_ARRAY] = BEARER_JSON_ARRAY,
        [JSON_STRING] = BEARER_JSON_STRING, [JSON_INTEGER] = BEARER_JSON_NUMBER,
        [JSON_REAL] = BEARER_JSON_NUMBER,   [JSON_TRUE] = BEARER_JSON_TRUE,
        [JSON_FALSE] = BEARER_JSON_FALSE,   [JSON_NULL] = BEARER_JSON_NULL,
    };

    return value != NULL ? kinds[json_typeof(value)] : BEARER_JSON_NULL;
}

const bearer_json *bearer_json_member(const bearer_json *object, const char *name)
{
    return json_object_get(object, name);
}

size_t bearer_json_count(const bearer_json *array)
{
    return json_array_size(array);
}

const bearer_json *bearer_json_item(const bearer_json *array, size_t i)
{
    return json_array_get(array, i);
}

void bearer_json_each(const bearer_json *object,
                      bool (*visit)(void *context, const char *name, const bearer_json *value),
                      void *context)
{
    /* The iterator does not write, but jansson 2.14 takes the object without const. */
    json_t *from = (json_t *)(uintptr_t)object;
    void *at = json_object_iter(from);

    while (at != NULL && visit(context, json_object_iter_key(at), json_object_iter_value(at)))
        at = json_object_iter_next(from, at);
}

bearer_span bearer_json_text(const bearer_json *value)
{
    return (bearer_span){ json_string_value(value), json_string_length(value) };
}

bool bearer_json_number_of(const bearer_json *value, bearer_number *number)
{
    if (!json_is_number(value))
        return false;
    number->whole = json_is_integer(value);
    number->integer = json_integer_value(value);
    number->real = json_number_value(value);
    return true;
}

bearer_found bearer_json_string(const bearer_json *object, const char *name, bearer_span *text)
{
    const json_t *value = json_object_get(object, name);

    if (value == NULL)
        return BEARER_ABSENT;
    if (!json_is_string(value))
        return BEARER_WRONG;
    *text = bearer_json_text(value);
    return BEARER_PRESENT;
}

bool bearer_json_is_strings(const bearer_json *value)
{
    if (json_is_string(value))
        return true;
    if (!json_is_array(value))
        return false;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!json_is_string(json_array_get(value, i)))
            return false;
    return true;
}

bearer_found bearer_json_strings(const bearer_json *object, const char *name,
                                 const bearer_json **value)
{
    const json_t *member = json_object_get(object, name);

    if (member == NULL)
        return BEARER_ABSENT;
    if (!bearer_json_is_strings(member))
        return BEARER_WRONG;
    *value = member;
    return BEARER_PRESENT;
}

bool bearer_json_strings_at(const bearer_json *value, size_t i, bearer_span *text)
{
    const json_t *item = json_is_string(value) ? (i == 0 ? value : NULL) : json_array_get(value, i);

    if (item == NULL)
        return false;
    *text = bearer_json_text(item);
    return true;
}

bearer_found bearer_json_time(const bearer_json *object, const char *name, int64_t *seconds)
{
    const json_t *value = json_object_get(object, name);
    double real;

    if (value == NULL)
        return BEARER_ABSENT;
    if (!json_is_number(value))
        return BEARER_WRONG;
    real = json_number_value(value);
    if (!(real >= 0 && real <= LAST_SECOND))
        return BEARER_WRONG;
    *seconds = (int64_t)real;
    return BEARER_PRESENT;
}

const char *bearer_json_library(void)
{
    return jansson_version_str();
}

char *bearer_json_print(apr_pool_t *pool, const bearer_json *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *copy = text != NULL ? apr_pstrdup(pool, text) : NULL;

    free(text);
    return copy;
}

char *bearer_json_quote(apr_pool_t *pool, bearer_span text)
{
    json_t *string = json_stringn(text.ptr, text.len);
    char *quoted = string != NULL ? bearer_json_print(pool, string) : NULL;

    json_decref(string);
    return quoted;
}
