/* The body of a request that is a form: read to look for a token, and put back for whoever handles
 * the request. */
#ifndef BEARER_FORMBODY_H
#define BEARER_FORMBODY_H

#include <apr_buckets.h>
#include "bearer/request.h"

#define BEARER_FORM_MOST 65536      /* bytes of a form that is looked at */

struct bearer_formbody {
    bearer_span text;               /* as it came; empty if the request has no form */
    int status;                     /* HTTP status where it could not be read, else 0 */
    bool lost;                      /* part of it was read, and the rest cannot be */
    apr_bucket_brigade *kept;       /* what of it nobody else has read yet; or NULL */
};
typedef struct bearer_formbody bearer_formbody;

/* The form that came with r, or with the request that r is part of; in the pool. Only for POST, PUT
 * and PATCH with application/x-www-form-urlencoded and no content coding (RFC 6750 section 2.2).
 * Status 413 for one of more than BEARER_FORM_MOST bytes. Waits for the client. Whoever reads the
 * body afterwards gets it byte for byte, unless it is lost: then the request must not go on. */
const bearer_formbody *bearer_formbody_read(request_rec *r, apr_pool_t *pool);

/* The hook: before a handler of a request that was redirected reads it. */
void bearer_formbody_insert(request_rec *r);

/* Registers the filter that puts it back. */
void bearer_formbody_register(void);

#endif
