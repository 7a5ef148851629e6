/* The last good key set of one source, as it is kept in the state directory. */
#ifndef BEARER_SAVED_H
#define BEARER_SAVED_H

#include <stdint.h>
#include "bearer/json.h"

/* What stands around the set: less than so many bytes. */
#define BEARER_SAVED_FRAME (16 * 1024)

#define BEARER_SAVED_DIGEST 64      /* hex digits of SHA-256 */

typedef struct {
    const char *source;             /* the issuer, or the address of the set */
    const char *uri;                /* where the set was found */
    const char *etag;               /* of that address; NULL for none */
    int64_t confirmed;              /* seconds since 1970: when the source said so */
    char digest[BEARER_SAVED_DIGEST + 1];   /* of the document as it came */
    const bearer_json *set;         /* the document; not written */
} bearer_saved;

/* Digest of a document. False when OpenSSL fails. */
bool bearer_saved_digest(bearer_span document, char digest[BEARER_SAVED_DIGEST + 1]);

/* As text, around the document, which is one that bearer_json_read takes. NULL when memory fails or
 * the frame would be too large. */
char *bearer_saved_write(apr_pool_t *pool, const bearer_saved *saved, bearer_span document);

/* Reads such a text, as strictly as if it came from the network. NULL, or what is wrong with it: it
 * must be of this very source. */
const char *bearer_saved_read(apr_pool_t *pool, bearer_span text, const char *source,
                              bearer_saved *saved);

#endif
