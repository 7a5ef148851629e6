/* Fetching documents over HTTP without waiting for them: libcurl, set up to trust nobody. */
#ifndef BEARER_FETCH_H
#define BEARER_FETCH_H

#include <stdint.h>
#include <apr_pools.h>
#include "bearer/span.h"

/* How an issuer is spoken to: files, read anew for each fetch, and a proxy; NULL where not
 * given. */
typedef struct {
    const char *ca;                 /* certificates (PEM) that alone vouch for the server */
    const char *client_cert, *client_key;
    const char *auth;               /* holds a bearer token that is sent along */
    const char *proxy;              /* URL; the environment's is never used */
    int timeout;                    /* seconds for one fetch, all in all */
} bearer_access;

/* One answer. */
typedef struct {
    int status;                     /* of HTTP; 0 if none came, or not whole, or too large */
    bearer_span body;
    const char *etag;               /* NULL if there is none */
    int64_t fresh;                  /* seconds as bearer_lifetime_read has it; -1: not said */
    const char *error;              /* for status 0: why; printable, without anything secret */
} bearer_fetched;

/* The transfers of one thread. */
typedef struct bearer_fetcher bearer_fetcher;
typedef struct bearer_fetch bearer_fetch;

/* Made before threads are; then for one thread at a time. Closes with the pool. NULL when libcurl
 * or memory failed. */
bearer_fetcher *bearer_fetcher_open(apr_pool_t *pool);

/* Lets transfers go on for at most so many milliseconds, less if one ends. Returns how many are
 * under way. */
int bearer_fetcher_run(bearer_fetcher *fetcher, int milliseconds);

/* Begins a GET of this URL, one that bearer_address_refuse lets pass. etag: of a document that is
 * at hand, or NULL. Refused are: redirections (they are answers of their own), other schemes, the
 * environment's proxies, .netrc, server names that the certificate does not have, bodies above
 * `limit` bytes, headers above 64 KiB. The fetch lives as long as the pool, and ends with it at any
 * time. Never NULL: what cannot begin has its result at once. */
bearer_fetch *bearer_fetch_start(apr_pool_t *pool, bearer_fetcher *fetcher, const char *url,
                                 const char *etag, const bearer_access *access, size_t limit);

/* The answer once there is one, NULL before. now is in seconds since 1970. */
const bearer_fetched *bearer_fetch_result(bearer_fetch *fetch, int64_t now);

/* The version of libcurl that is loaded. */
const char *bearer_fetch_library(void);

#endif
