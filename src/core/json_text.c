#include "bearer/json_text.h"

#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <apr_strings.h>

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
 * short: an audience could become another one. So the text is read as ["   ...", text], the first
 * string being long enough that the buffer has grown in it, character by character, to the room
 * that the longest token of the text wants. If that string is whole, nothing of the text can be
 * cut. It goes on behind the last growth, so that not its closing quote is lost, which jansson
 * relies on. Its length; 0 if no token of the text is that long. */
static size_t lead_length(size_t longest)
{
    size_t buffer = LEXER_BUFFER, last = 0;

    for (; buffer < longest + 3; buffer *= 2)
        last = buffer;
    return last + last / 2;
}

static json_t *load_behind(apr_pool_t *pool, bearer_span text, size_t lead)
{
    char *all = apr_palloc(pool, text.len + lead + sizeof("[\"\",]")), *end = all;
    json_error_t error;

    *end++ = '[';
    if (lead > 0) {
        *end++ = '"';
        memset(end, ' ', lead);
        end += lead;
        *end++ = '"';
        *end++ = ',';
    }
    if (text.len > 0)               /* an empty span may be NULL */
        memcpy(end, text.ptr, text.len);
    end += text.len;
    *end++ = ']';
    return json_loadb(all, (size_t)(end - all), JSON_REJECT_DUPLICATES, &error);
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

/* How much a value, all that is in it, and the texts of these take. */
typedef struct {
    size_t values, text;
} room;

static void measure(const json_t *value, room *sum);

static void measure_members(json_t *object, room *sum)
{
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        sum->text += strlen(json_object_iter_key(at)) + 1;
        measure(json_object_iter_value(at), sum);
    }
}

/* The iterators do not write, but jansson 2.14 takes the object without const. */
static json_t *unconst(const json_t *value)
{
    return (json_t *)(uintptr_t)value;
}

static void measure(const json_t *value, room *sum)
{
    sum->values++;
    if (json_is_string(value))
        sum->text += json_string_length(value) + 1;
    for (size_t i = 0; i < json_array_size(value); i++)
        measure(json_array_get(value, i), sum);
    if (json_is_object(value))
        measure_members(unconst(value), sum);
}

/* Where the next values and texts of a document go. */
typedef struct {
    bearer_json *values;
    char *text;
} cursor;

static uint32_t distance(const bearer_json *from, const void *to)
{
    return (uint32_t)((const char *)to - (const char *)from);
}

/* Where the text stands, seen from the value that it belongs to. */
static uint32_t place_text(cursor *at, const bearer_json *from, const char *text, size_t len)
{
    uint32_t found = distance(from, at->text);

    memcpy(at->text, text, len);
    at->text[len] = '\0';
    at->text += len + 1;
    return found;
}

/* Values of one array or object stand side by side. */
static bearer_json *place_children(cursor *at, bearer_json *parent, size_t count)
{
    bearer_json *first = at->values;

    parent->count = (uint32_t)count;
    parent->value.at = distance(parent, first);
    at->values += count;
    return first;
}

static void place(cursor *at, const json_t *from, bearer_json *to);

static void place_members(cursor *at, json_t *object, bearer_json *to)
{
    bearer_json *member = place_children(at, to, json_object_size(object));

    for (void *i = json_object_iter(object); i != NULL; i = json_object_iter_next(object, i)) {
        const char *name = json_object_iter_key(i);

        member->name_len = (uint32_t)strlen(name);
        member->name = place_text(at, member, name, member->name_len);
        place(at, json_object_iter_value(i), member++);
    }
}

static void place_elements(cursor *at, const json_t *array, bearer_json *to)
{
    bearer_json *element = place_children(at, to, json_array_size(array));

    for (size_t i = 0; i < json_array_size(array); i++)
        place(at, json_array_get(array, i), element++);
}

/* Fills a value, which is all zeros but for its name. */
static void place(cursor *at, const json_t *from, bearer_json *to)
{
    static const uint8_t kinds[] = {
        [JSON_OBJECT] = BEARER_JSON_OBJECT, [JSON_ARRAY] = BEARER_JSON_ARRAY,
        [JSON_STRING] = BEARER_JSON_STRING, [JSON_INTEGER] = BEARER_JSON_NUMBER,
        [JSON_REAL] = BEARER_JSON_NUMBER,   [JSON_TRUE] = BEARER_JSON_TRUE,
        [JSON_FALSE] = BEARER_JSON_FALSE,   [JSON_NULL] = BEARER_JSON_NULL,
    };

    to->kind = kinds[json_typeof(from)];
    if (json_is_object(from))
        place_members(at, unconst(from), to);
    else if (json_is_array(from))
        place_elements(at, from, to);
    else if (json_is_string(from)) {
        to->count = (uint32_t)json_string_length(from);
        to->value.at = place_text(at, to, json_string_value(from), to->count);
    }
    else if (json_is_real(from))
        to->value.real = json_real_value(from);
    else if (json_is_integer(from)) {
        to->whole = true;
        to->value.integer = json_integer_value(from);
    }
}

#define DOCUMENT_MOST UINT32_MAX        /* distances are 32 bits */

/* NULL if the document would be too large. */
static const bearer_json *flatten(apr_pool_t *pool, const json_t *from)
{
    room need = { 0, 0 };
    size_t size;
    bearer_json *document;
    cursor at;

    measure(from, &need);
    size = need.values * sizeof(bearer_json) + need.text;
    if (size > DOCUMENT_MOST)
        return NULL;
    document = apr_pcalloc(pool, size);
    at.values = document + 1;
    at.text = (char *)(document + need.values);
    place(&at, from, document);
    document->name_len = (uint32_t)size;
    return document;
}

static bearer_json_result take_object(apr_pool_t *pool, const json_t *array, size_t lead,
                                      const bearer_json **object)
{
    size_t last = lead > 0 ? 1 : 0;
    const json_t *text = json_array_get(array, last);

    if (lead > 0 && json_string_length(json_array_get(array, 0)) != lead)
        return BEARER_JSON_NO_MEMORY;
    if (json_array_size(array) != last + 1 || !json_is_object(text))
        return BEARER_JSON_BAD;
    *object = flatten(pool, text);
    return *object != NULL ? BEARER_JSON_OK : BEARER_JSON_NO_MEMORY;
}

static bearer_json_result read_once(apr_pool_t *pool, bearer_span text, size_t longest,
                                    const bearer_json **object)
{
    size_t lead = lead_length(longest);
    bearer_json_result result = BEARER_JSON_BAD;
    json_t *array;

    if (!have_room(longest))
        return BEARER_JSON_NO_MEMORY;
    array = load_behind(pool, text, lead);
    if (array != NULL)
        result = take_object(pool, array, lead, object);
    json_decref(array);
    return result;
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

const char *bearer_json_library(void)
{
    return jansson_version_str();
}

static json_t *rebuild(const bearer_json *value);

static bool rebuild_member(void *object, const char *name, const bearer_json *value)
{
    return json_object_set_new(object, name, rebuild(value)) == 0;
}

/* Members and elements that memory has no room for are missing from what this gives: *value's count
 * tells. */
static json_t *rebuild_children(const bearer_json *value)
{
    bool members = bearer_json_kind_of(value) == BEARER_JSON_OBJECT;
    json_t *made = members ? json_object() : json_array();

    if (members)
        bearer_json_each(value, rebuild_member, made);
    for (size_t i = 0; i < bearer_json_count(value); i++)
        if (json_array_append_new(made, rebuild(bearer_json_item(value, i))) != 0)
            break;
    if ((members ? json_object_size(made) : json_array_size(made)) == value->count)
        return made;
    json_decref(made);
    return NULL;
}

/* The value as jansson's; NULL when memory fails. */
static json_t *rebuild(const bearer_json *value)
{
    bearer_span text = bearer_json_text(value);
    bearer_number number;

    switch (bearer_json_kind_of(value)) {
    case BEARER_JSON_OBJECT:
    case BEARER_JSON_ARRAY:
        return rebuild_children(value);
    case BEARER_JSON_STRING:
        return json_stringn(text.ptr, text.len);
    case BEARER_JSON_NUMBER:
        bearer_json_number_of(value, &number);
        return number.whole ? json_integer(number.integer) : json_real(number.real);
    default:
        return bearer_json_kind_of(value) == BEARER_JSON_NULL ? json_null()
               : json_boolean(bearer_json_kind_of(value) == BEARER_JSON_TRUE);
    }
}

static int count_bytes(const char *text, size_t len, void *sum)
{
    (void)text;
    *(size_t *)sum += len;
    return 0;
}

static int put_bytes(const char *text, size_t len, void *end)
{
    memcpy(*(char **)end, text, len);
    *(char **)end += len;
    return 0;
}

/* Not with jansson's own buffer: that a member's name found no room in it goes unnoticed by 2.14,
 * and the text would go on without the name. */
static char *dump(apr_pool_t *pool, json_t *value)
{
    const size_t how = JSON_COMPACT | JSON_ENCODE_ANY;
    char *text = NULL, *end;
    size_t len = 0;

    if (value != NULL && json_dump_callback(value, count_bytes, &len, how) == 0)
        text = apr_palloc(pool, len + 1);
    end = text;
    if (text != NULL && json_dump_callback(value, put_bytes, &end, how) != 0)
        text = NULL;
    if (text != NULL)
        *end = '\0';
    json_decref(value);
    return text;
}

char *bearer_json_print(apr_pool_t *pool, const bearer_json *value)
{
    return dump(pool, rebuild(value));
}

char *bearer_json_quote(apr_pool_t *pool, bearer_span text)
{
    return dump(pool, json_stringn(text.ptr, text.len));
}
