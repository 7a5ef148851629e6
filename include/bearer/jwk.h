/* Keys as JSON: JWK and JWK Set, RFC 7517, with the key types of RFC 7518, 8037 and 9964. */
#ifndef BEARER_JWK_H
#define BEARER_JWK_H

#include "bearer/json.h"
#include "bearer/key.h"
#include "bearer/log.h"

/* Largest set that is read, in bytes and keys. */
#define BEARER_JWK_MAX_BYTES (4 * 1024 * 1024)
#define BEARER_JWK_MAX_KEYS 5000

/* How many skipped keys of one set are told of one by one. */
#define BEARER_JWK_SKIPPED_LINES 20

/* Reads a JWK Set or one single JWK. Keys that no token may be checked with are skipped one by one,
 * the first BEARER_JWK_SKIPPED_LINES each with a line in the log that names kid and cause: `use`
 * other than sig, `key_ops` without verify, private parts, oct keys, unknown types, weak or broken
 * keys. Returns a NULL-terminated list (which may be empty), or NULL and *error if the text is no
 * such document. Everything lives as long as the pool. */
const bearer_key *const *bearer_jwk_read(apr_pool_t *pool, bearer_span text, const bearer_log *log,
                                         const char **error);

/* The same from a document that was parsed already. */
const bearer_key *const *bearer_jwk_read_set(apr_pool_t *pool, const bearer_json *document,
                                             const bearer_log *log, const char **error);

/* The members that make the key, in the order of RFC 7638 (so that `{` members `}` is what a
 * thumbprint hashes), without braces: `"crv":"P-256","kty":"EC",...`. NULL when memory fails or the
 * key is oct. In jwk_write.c. */
char *bearer_jwk_members(apr_pool_t *pool, const bearer_key *key);

#endif
