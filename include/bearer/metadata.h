/* An issuer's metadata: RFC 8414 and OpenID Connect Discovery. */
#ifndef BEARER_METADATA_H
#define BEARER_METADATA_H

#include <apr_pools.h>
#include "bearer/span.h"

/* Largest document that is read, in bytes. Real ones stay below 20 KiB. */
#define BEARER_METADATA_MAX_BYTES (256 * 1024)

/* Reads where the keys of this issuer are. NULL, and *error says why, unless the text is one strict
 * JSON object whose member issuer is the name to the last byte (RFC 8414 section 3.3) and whose
 * jwks_uri is an address that keys may be fetched from. *error holds nothing of the document but
 * printable characters. */
const char *bearer_metadata_jwks_uri(apr_pool_t *pool, bearer_span text, const char *issuer,
                                     const char **error);

#endif
