/* application/x-www-form-urlencoded: the query of a URL, the body of a form (URL Standard, section
 * 5; RFC 6750 sections 2.2 and 2.3). */
#ifndef BEARER_FORM_H
#define BEARER_FORM_H

#include <apr_pools.h>
#include "bearer/json.h"
#include "bearer/span.h"

/* The value of the parameter of that name, decoded, in the pool. Names are compared decoded, so
 * that no other spelling of one goes by. BEARER_ABSENT; BEARER_WRONG if it is there more than once,
 * or its value holds a NUL or an escape that is none. */
bearer_found bearer_form_find(apr_pool_t *pool, bearer_span text, const char *name,
                              bearer_span *value);

/* The text without all parameters of that name, everything else byte for byte, in the pool. */
bearer_span bearer_form_without(apr_pool_t *pool, bearer_span text, const char *name);

/* The same for what has a query in it: a URL, or a request line, whose query ends at the next
 * blank. The `?` goes with the last parameter. NULL if there is nothing to take out. */
const char *bearer_form_strip(apr_pool_t *pool, const char *text, const char *name);

#endif
