/* The text of a challenge: the only place that writes one. */
#ifndef BEARER_CHALLENGE_H
#define BEARER_CHALLENGE_H

#include <apr_pools.h>
#include "bearer/verdict.h"

/* The response fields that carry challenges: from an origin server, and from a forward proxy (RFC
 * 9110 section 11.6.1, 11.7.1). */
const char *bearer_challenge_field(bool proxy);

/* One challenge of RFC 6750 section 3: Bearer realm="...", then error, error_description (if
 * detail) and scope where they apply. Any realm gives a legal quoted-string: quotes and backslashes
 * are escaped, bytes that have no place in a field become '?'. scope is a list parted by single
 * spaces, or NULL; characters that RFC 6750 does not allow leave the attribute out. */
const char *bearer_challenge_make(apr_pool_t *pool, const char *realm, bearer_reason reason,
                                  const char *scope, bool detail);

/* Basic realm="..." (RFC 7617), names and tokens in UTF-8. */
const char *bearer_challenge_basic(apr_pool_t *pool, const char *realm);

/* The scheme of a challenge is Bearer, or Basic. */
bool bearer_challenge_is_ours(const char *value);
bool bearer_challenge_is_basic(const char *value);

#endif
