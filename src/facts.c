#include "bearer/facts.h"

#include <string.h>

size_t bearer_facts_size(const bearer_facts *facts)
{
    return sizeof(*facts) + bearer_json_size(facts->claims.json) + facts->header.kid.len
        + facts->header.typ.len;
}

static char *put(char *at, const void *bytes, size_t len)
{
    if (len > 0)
        memcpy(at, bytes, len);
    return at + len;
}

static char *put_text(char *at, bearer_span *text)
{
    char *end = put(at, text->ptr, text->len);

    text->ptr = at;
    return end;
}

_Static_assert(sizeof(bearer_facts) % _Alignof(bearer_json) == 0, "JSON stands behind facts");

bool bearer_facts_copy(const bearer_facts *facts, void *block)
{
    bearer_facts *copy = block;
    const bearer_json *json = (const void *)(copy + 1);
    bearer_verdict ignored;
    char *at = (char *)(copy + 1);

    *copy = *facts;
    at = put(at, facts->claims.json, bearer_json_size(facts->claims.json));
    at = put_text(at, &copy->header.kid);
    put_text(at, &copy->header.typ);
    return bearer_claims_read(json, &copy->claims, &ignored);
}
