#include "bearer/header.h"

#include <string.h>

static bool read_string(const bearer_json *json, const char *name, bool *has, bearer_span *text)
{
    bearer_found found = bearer_json_string(json, name, text);

    *has = found == BEARER_PRESENT;
    return found != BEARER_WRONG;
}

bool bearer_header_read(const bearer_json *json, bearer_header *header, bearer_verdict *refused)
{
    bearer_span alg;

    *header = (bearer_header){ .alg = NULL };
    if (!read_string(json, "kid", &header->has_kid, &header->kid))
        return bearer_refuse(refused, BEARER_TOKEN_MALFORMED, "kid is no string");
    if (!read_string(json, "typ", &header->has_typ, &header->typ))
        return bearer_refuse(refused, BEARER_TOKEN_MALFORMED, "typ is no string");
    if (bearer_json_member(json, "crit") != NULL)
        return bearer_refuse(refused, BEARER_CRIT_REFUSED, NULL);
    if (bearer_json_string(json, "alg", &alg) != BEARER_PRESENT)
        return bearer_refuse(refused, BEARER_ALG_REFUSED, "alg is absent or no string");
    header->alg = bearer_alg_find(alg);
    if (header->alg == NULL)
        return bearer_refuse(refused, BEARER_ALG_REFUSED, "no algorithm of ours");
    return true;
}

static bool type_is_other(bearer_span typ, const char *const *others)
{
    for (; others != NULL && *others != NULL; others++)
        if (bearer_span_is_nocase(typ, *others))
            return true;
    return false;
}

bool bearer_header_type_in(const bearer_header *header, const bearer_types *types)
{
    static const char tree[] = "application/";
    bearer_span typ = header->typ;

    if (!header->has_typ)
        return (types->kinds & BEARER_TYPE_ABSENT) != 0;
    if (bearer_span_begins_nocase(typ, tree))
        typ = bearer_span_after(typ, strlen(tree));
    if (bearer_span_is_nocase(typ, "JWT"))
        return (types->kinds & BEARER_TYPE_JWT) != 0;
    if (bearer_span_is_nocase(typ, "at+jwt"))
        return (types->kinds & BEARER_TYPE_AT) != 0;
    return type_is_other(typ, types->others);
}
