/* An immutable set of keys with a count of its holders. Made by one thread, then shared by all. */
#ifndef BEARER_KEYSET_H
#define BEARER_KEYSET_H

#include <stdint.h>
#include "bearer/key.h"

typedef struct bearer_keyset bearer_keyset;

/* How many keys are tried for one token. */
#define BEARER_KEYSET_TRIES 8

/* A new set from these keys, which are copied into memory of its own, with one holder. NULL when
 * memory fails. */
bearer_keyset *bearer_keyset_make(const bearer_key *const *keys, size_t count);

/* The same from a NULL-terminated list. */
bearer_keyset *bearer_keyset_of(const bearer_key *const *keys);

/* One more holder; one less, and the last one frees it. Release takes NULL. Safe from any
 * thread. */
bearer_keyset *bearer_keyset_hold(bearer_keyset *set);
void bearer_keyset_release(bearer_keyset *set);

size_t bearer_keyset_count(const bearer_keyset *set);
const bearer_key *bearer_keyset_at(const bearer_keyset *set, size_t i);

/* The algorithms that some key of the set fits: bits of bearer_alg_index. */
uint64_t bearer_keyset_algorithms(const bearer_keyset *set);

/* The keys that may have signed: those that fit the algorithm and whose kid equals the token's; a
 * token without kid, or a key without kid, matches any. Returns how many were written to found, at
 * most BEARER_KEYSET_TRIES; keys of that very kid come first. Time does not grow with the size of
 * the set as long as kids differ. */
size_t bearer_keyset_find(const bearer_keyset *set, const bearer_alg *alg, const bearer_span *kid,
                          const bearer_key *found[BEARER_KEYSET_TRIES]);

#endif
