/* One trusted issuer as an administrator writes it, in a directive or on the tool's command line:
 * `iss [keys=...] [algorithms=...] [types=...] [audience=...] [user=...] [user-prefix=...]`, and
 * for keys from the network `[ca=file] [client-cert=file client-key=file] [auth=file] [proxy=url]
 * [refresh=seconds] [timeout=seconds] [max-stale=seconds]`. Without keys= they are discovered. */
#ifndef BEARER_ISSUER_H
#define BEARER_ISSUER_H

#include "bearer/token.h"

/* Reads the words (NULL-terminated) and opens the keys. Relative file names are resolved by
 * resolve, which returns NULL for one that cannot be. NULL and *error, a sentence that says what
 * was got and what is wanted, for an unknown word (with the nearest known one), unreadable key
 * files, an address that keys are not fetched from, no usable key, an algorithm that is unknown,
 * that this OpenSSL lacks or that fits no key, `secret:` without HS algorithms, HS algorithms
 * without it, or a secret shorter than the hash. */
bearer_trust *bearer_issuer_open(apr_pool_t *pool, const char *const *words,
                                 char *(*resolve)(apr_pool_t *pool, const char *file),
                                 const bearer_log *log, const char **error);

/* Parts a list at its commas; NULL-terminated. NULL if an element is empty. */
const char *const *bearer_list_split(apr_pool_t *pool, const char *text);

/* Reads a list of algorithm names into bits of bearer_alg_index. NULL, or what is wrong with it. */
const char *bearer_algorithms_read(apr_pool_t *pool, const char *value, uint64_t *algorithms);

/* Compiles claim paths; both lists are NULL-terminated. NULL, or which is wrong and why. */
const char *bearer_paths_read(apr_pool_t *pool, const char *const *texts,
                              const bearer_path *const **paths);

#endif
