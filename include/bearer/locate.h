/* Where in a request a token may stand: a table of ways, those that AuthBearerTokenFrom names are
 * tried. */
#ifndef BEARER_LOCATE_H
#define BEARER_LOCATE_H

#include "bearer/config.h"
#include "bearer/credentials.h"

typedef struct bearer_way bearer_way;

/* One word of AuthBearerTokenFrom. */
struct bearer_place {
    const bearer_way *way;
    const char *name;               /* of the parameter, cookie or field; or NULL */
};

/* The Authorization field, which is the way where the directive is not given. */
extern const bearer_place bearer_place_header;

/* Reads such a word. NULL, and *error is what is wrong with it. */
const bearer_place *bearer_place_make(apr_pool_t *pool, const char *word, const char **error);

/* The name of the field of its own that a place is, or NULL. */
const char *bearer_place_field(const bearer_place *place);

/* As AuthBearerTokenFrom names it: "header", "query:access_token". */
const char *bearer_place_words(apr_pool_t *pool, const bearer_place *place);

/* The place is a form, for which a request's body is read. */
bool bearer_place_is_form(const bearer_place *place);

/* What was found: a token, none, or that the request does not say one clear thing. */
typedef struct {
    bearer_field field;
    bearer_span token;              /* lives as long as the request that it came with */
    const bearer_place *place;      /* where it stood; NULL if there is none */
    const char *user;               /* the name beside a password, or NULL */
    const char *detail;             /* what is not clear, for the log; or NULL */
    int status;                     /* the body could not be read: the HTTP status; else 0 */
    bool lost;                      /* nor can anybody else read it any more */
} bearer_located;

/* Looks at the places that conf names. A cookie counts only where no other place has a token, nor
 * the field a credential for another module: a browser sends it unasked. May read the body, once,
 * and puts it back. */
bearer_located bearer_locate(request_rec *r, const bearer_conf *conf);

/* Takes tokens out of query, cookies and fields of their own, so that no handler, backend or log
 * sees them; bearer_locate finds what was taken, here and in requests that follow from this one.
 * Before authentication, also where nobody asks for any. With AuthBearerPass On only those of a
 * query go. */
void bearer_locate_take(request_rec *r, const bearer_conf *conf);

/* The token came in the field of credentials, which caches know to be private. */
bool bearer_located_in_field(const bearer_located *located);

/* The field of credentials holds a token now, or should, whatever other places hold. */
bool bearer_locate_is_in_field(request_rec *r, const bearer_conf *conf);

/* Which schemes of HTTP authentication the places are for. */
bool bearer_offers_bearer(const bearer_conf *conf);
bool bearer_offers_basic(const bearer_conf *conf);

/* The request field that carries credentials here: Proxy-Authorization for a forward proxy. */
const char *bearer_locate_field(const request_rec *r);

#endif
