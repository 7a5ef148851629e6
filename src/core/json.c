#include "bearer/json.h"

/* 9999-12-31T23:59:59Z. A later time is a mistake of the issuer (often milliseconds), never a long
 * life. */
#define LAST_SECOND 253402300799.0

static const char *behind(const bearer_json *value, uint32_t distance)
{
    return (const char *)value + distance;
}

static const bearer_json *children(const bearer_json *value)
{
    return (const void *)behind(value, value->value.at);
}

static bearer_span name_of(const bearer_json *member)
{
    return (bearer_span){ behind(member, member->name), member->name_len };
}

static bool is(const bearer_json *value, bearer_json_kind kind)
{
    return value != NULL && value->kind == kind;
}

/* The outermost value is nobody's member: the length of a name has room for it. */
size_t bearer_json_size(const bearer_json *document)
{
    return document->name_len;
}

bearer_json_kind bearer_json_kind_of(const bearer_json *value)
{
    return value != NULL ? (bearer_json_kind)value->kind : BEARER_JSON_NULL;
}

/* Members of a token are few, and most differ in length: looking at each is quicker than an
 * index. */
const bearer_json *bearer_json_member(const bearer_json *object, const char *name)
{
    bearer_span wanted = bearer_span_of(name);
    const bearer_json *member, *end;

    if (!is(object, BEARER_JSON_OBJECT))
        return NULL;
    member = children(object);
    for (end = member + object->count; member < end; member++)
        if (member->name_len == wanted.len && bearer_span_equal(name_of(member), wanted))
            return member;
    return NULL;
}

size_t bearer_json_count(const bearer_json *array)
{
    return is(array, BEARER_JSON_ARRAY) ? array->count : 0;
}

const bearer_json *bearer_json_item(const bearer_json *array, size_t i)
{
    return i < bearer_json_count(array) ? children(array) + i : NULL;
}

void bearer_json_each(const bearer_json *object,
                      bool (*visit)(void *context, const char *name, const bearer_json *value),
                      void *context)
{
    const bearer_json *member, *end;

    if (!is(object, BEARER_JSON_OBJECT))
        return;
    member = children(object);
    for (end = member + object->count; member < end; member++)
        if (!visit(context, behind(member, member->name), member))
            return;
}

bearer_span bearer_json_text(const bearer_json *value)
{
    if (!is(value, BEARER_JSON_STRING))
        return (bearer_span){ NULL, 0 };
    return (bearer_span){ behind(value, value->value.at), value->count };
}

bool bearer_json_number_of(const bearer_json *value, bearer_number *number)
{
    if (!is(value, BEARER_JSON_NUMBER))
        return false;
    number->whole = value->whole;
    number->integer = value->whole ? value->value.integer : 0;
    number->real = value->whole ? (double)value->value.integer : value->value.real;
    return true;
}

bearer_found bearer_json_string(const bearer_json *object, const char *name, bearer_span *text)
{
    const bearer_json *value = bearer_json_member(object, name);

    if (value == NULL)
        return BEARER_ABSENT;
    if (!is(value, BEARER_JSON_STRING))
        return BEARER_WRONG;
    *text = bearer_json_text(value);
    return BEARER_PRESENT;
}

bool bearer_json_is_strings(const bearer_json *value)
{
    if (is(value, BEARER_JSON_STRING))
        return true;
    if (!is(value, BEARER_JSON_ARRAY))
        return false;
    for (size_t i = 0; i < value->count; i++)
        if (!is(children(value) + i, BEARER_JSON_STRING))
            return false;
    return true;
}

bearer_found bearer_json_strings(const bearer_json *object, const char *name,
                                 const bearer_json **value)
{
    const bearer_json *member = bearer_json_member(object, name);

    if (member == NULL)
        return BEARER_ABSENT;
    if (!bearer_json_is_strings(member))
        return BEARER_WRONG;
    *value = member;
    return BEARER_PRESENT;
}

bool bearer_json_strings_at(const bearer_json *value, size_t i, bearer_span *text)
{
    const bearer_json *item = is(value, BEARER_JSON_STRING) ? (i == 0 ? value : NULL)
                                                            : bearer_json_item(value, i);

    if (item == NULL)
        return false;
    *text = bearer_json_text(item);
    return true;
}

bearer_found bearer_json_time(const bearer_json *object, const char *name, int64_t *seconds)
{
    const bearer_json *value = bearer_json_member(object, name);
    bearer_number number;

    if (value == NULL)
        return BEARER_ABSENT;
    if (!bearer_json_number_of(value, &number))
        return BEARER_WRONG;
    if (!(number.real >= 0 && number.real <= LAST_SECOND))
        return BEARER_WRONG;
    *seconds = (int64_t)number.real;
    return BEARER_PRESENT;
}
