/* Which scopes would have let a request pass: asked of httpd itself, by walking its rules again
 * with scopes that are only pretended. */
#ifndef BEARER_WHATIF_H
#define BEARER_WHATIF_H

#include "bearer/request.h"

#define BEARER_WHATIF_WALKS 16

typedef struct {
    bool lacking;                   /* scopes are missing; else another rule denies, or none */
    const char *scope;              /* the smallest set, or NULL after too many walks */
} bearer_whatif;

/* For a request that was refused. With an identity the rules after authentication are walked, else
 * those before. The request is left as it was: nothing is logged, no header or variable stays. What
 * a provider of another module does elsewhere (a query to a database) is done once more in each
 * walk. */
bearer_whatif bearer_whatif_ask(request_rec *r, bearer_request *request);

/* What came of it, for the log. */
bearer_verdict bearer_whatif_verdict(request_rec *r, const bearer_request *request,
                                     const bearer_whatif *missing);

/* Whether httpd's rules let the request's identity pass, as it is; no trace of it stays either. */
bool bearer_whatif_passes(request_rec *r, bearer_request *request);

/* The walk asks what httpd asked or would ask, so that a denial in it is one of the request. */
bool bearer_walk_is_plain(const bearer_walk *walk);

/* A scope rule meets a walk: its words (NULL-terminated) and its place in the configuration. True
 * if the pretended scopes satisfy it; else it is noted. */
bool bearer_walk_scope(bearer_walk *walk, const char *const *words, apr_uint32_t place);

#endif
