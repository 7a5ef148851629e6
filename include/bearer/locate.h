/* Where in a request a token may stand: a table of ways, those that AuthBearerTokenFrom names are
 * tried. */
#ifndef BEARER_LOCATE_H
#define BEARER_LOCATE_H

#include "bearer/config.h"
#include "bearer/credentials.h"

/* The way of that name, or NULL. */
const bearer_place *bearer_place_find(const char *name);

/* What is wanted, for messages. */
const char *bearer_place_names(void);

/* Looks at the places that conf names. BEARER_FIELD_TOKEN with the token (which points into the
 * request), BEARER_FIELD_OTHER if none has one, BEARER_FIELD_MALFORMED if the request does not say
 * one clear thing. */
bearer_field bearer_locate(request_rec *r, const bearer_conf *conf, bearer_span *token);

/* The request field that carries credentials here: Proxy-Authorization for a forward proxy. */
const char *bearer_locate_field(const request_rec *r);

#endif
