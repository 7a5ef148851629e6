/* The Cookie field of a request (RFC 6265 section 4.2). */
#ifndef BEARER_COOKIE_H
#define BEARER_COOKIE_H

#include <apr_pools.h>
#include "bearer/json.h"
#include "bearer/span.h"

/* The value of the cookie of that name, without the quotes that it may stand in; points into the
 * field. BEARER_ABSENT, also for an empty one, as a cookie is emptied to end a session;
 * BEARER_WRONG if it is there more than once: which of the two a site set cannot be told. */
bearer_found bearer_cookie_find(bearer_span field, const char *name, bearer_span *value);

/* The field without all cookies of that name, in the pool; NULL if none is left. */
const char *bearer_cookie_without(apr_pool_t *pool, bearer_span field, const char *name);

#endif
