/* Where an issuer's keys come from, and the set that is good now. */
#ifndef BEARER_KEYSTORE_H
#define BEARER_KEYSTORE_H

#include <apr_time.h>
#include "bearer/keyset.h"
#include "bearer/log.h"

typedef struct bearer_keystore bearer_keystore;

/* A store over sources written as in the keys= option: `jwks:file`, `pem:file`, `secret:file`;
 * NULL-terminated. Reads every source once. NULL and *error (a sentence) if one cannot be read or
 * gives no usable key. The store lives as long as the pool; the log is not kept. */
bearer_keystore *bearer_keystore_open(apr_pool_t *pool, const char *const *sources,
                                      const bearer_log *log, const char **error);

/* Looks at the sources again, at most once a second over all threads of the process, and reads
 * those that changed. A source that went bad keeps its old keys; the log says why, once per change.
 * now is in APR's microseconds. */
void bearer_keystore_look(bearer_keystore *store, apr_time_t now, const bearer_log *log);

/* The present set, held for the caller, who releases it; NULL if there never was one. */
bearer_keyset *bearer_keystore_hold(bearer_keystore *store);

/* The file of the i-th source, NULL beyond the last: for the check whether the run user may read
 * it. */
const char *bearer_keystore_file(const bearer_keystore *store, size_t i);

/* Source words this build understands, for messages: "jwks:file, pem:file or secret:file". */
const char *bearer_keystore_kinds(void);

/* The file name in a source word, NULL if its kind is unknown. */
const char *bearer_keystore_file_of(const char *text);

/* The source is `secret:`; such keys need HS algorithms, and no other source may have them. */
bool bearer_keystore_is_secret(const char *source);

#endif
