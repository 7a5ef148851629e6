#include "bearer/locate.h"

struct bearer_place {
    const char *name;
    bearer_field (*look)(request_rec *r, bearer_span *token);
};

const char *bearer_locate_field(const request_rec *r)
{
    return r->proxyreq == PROXYREQ_PROXY ? "Proxy-Authorization" : "Authorization";
}

static bearer_field look_in_header(request_rec *r, bearer_span *token)
{
    const char *value = apr_table_get(r->headers_in, bearer_locate_field(r));

    return value != NULL ? bearer_credentials_read(bearer_span_of(value), token)
                         : BEARER_FIELD_OTHER;
}

static const bearer_place places[] = {
    { "header", look_in_header },
    { NULL, NULL },
};

const bearer_place *bearer_place_find(const char *name)
{
    for (const bearer_place *place = places; place->name != NULL; place++)
        if (strcmp(name, place->name) == 0)
            return place;
    return NULL;
}

const char *bearer_place_names(void)
{
    return "header";
}

bearer_field bearer_locate(request_rec *r, const bearer_conf *conf, bearer_span *token)
{
    bearer_field found = BEARER_FIELD_OTHER;

    for (const bearer_place *const *place = conf->places; *place != NULL; place++) {
        bearer_span here;
        bearer_field one = (*place)->look(r, &here);

        if (one == BEARER_FIELD_OTHER)
            continue;
        if (one == BEARER_FIELD_MALFORMED || found == BEARER_FIELD_TOKEN)
            return BEARER_FIELD_MALFORMED;
        found = one;
        *token = here;
    }
    return found;
}
