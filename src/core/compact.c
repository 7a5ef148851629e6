#include "bearer/compact.h"

#include <string.h>

static bool take_part(bearer_span *rest, bearer_span *part)
{
    const char *dot = memchr(rest->ptr, '.', rest->len);

    if (dot == NULL)
        return false;
    *part = (bearer_span){ rest->ptr, (size_t)(dot - rest->ptr) };
    *rest = bearer_span_after(*rest, part->len + 1);
    return true;
}

bool bearer_compact_split(bearer_span token, bearer_compact *parts)
{
    bearer_span rest = token;

    if (token.len == 0 || !take_part(&rest, &parts->header) || !take_part(&rest, &parts->payload))
        return false;
    parts->signature = rest;
    parts->signing_input = (bearer_span){ token.ptr, token.len - rest.len - 1 };
    return parts->header.len > 0 && parts->payload.len > 0 && parts->signature.len > 0
        && memchr(rest.ptr, '.', rest.len) == NULL;
}
