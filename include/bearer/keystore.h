/* Where an issuer's keys come from, and the set that is good now. */
#ifndef BEARER_KEYSTORE_H
#define BEARER_KEYSTORE_H

#include "bearer/remote.h"

typedef struct bearer_keystore bearer_keystore;

/* What a store is made of. */
typedef struct {
    const char *const *sources;     /* as in the keys= option, NULL-terminated */
    const char *issuer;             /* for the source `discovery`: whose metadata is asked */
    bearer_terms terms;             /* of the sources on the network */
} bearer_origin;

/* A store over sources: `discovery`, an address of a set, `jwks:file`, `pem:file`, `secret:file`.
 * Reads every file once. NULL and *error (a sentence) if one cannot be read or gives no usable key,
 * or an address is none that keys may be fetched from. What is on the network is not asked here:
 * its keys come later. The store lives as long as the pool; the log is not kept. */
bearer_keystore *bearer_keystore_open(apr_pool_t *pool, const bearer_origin *from,
                                      const bearer_log *log, const char **error);

/* The functions for the one thread that keeps the keys of a process fresh. Look reads files that
 * changed and takes what was fetched, here or by another process. A source that went bad keeps its
 * old keys; the log says why, once per change. Renew lets the sources on the network fetch, step by
 * step; abandon ends that. pool is for the call. */
void bearer_keystore_look(apr_pool_t *pool, bearer_keystore *store, const bearer_means *with);
void bearer_keystore_renew(bearer_keystore *store, const bearer_means *with);
void bearer_keystore_abandon(bearer_keystore *store, const bearer_means *with);

/* How many renewals of the store are under way. */
int bearer_keystore_renewals(const bearer_keystore *store);

/* For any thread. A token names a key that the store does not have: its sources on the network are
 * asked soon, at most once in a while on the whole machine (schedule.h). now is in seconds. */
void bearer_keystore_ask(bearer_keystore *store, int64_t now);

/* For any thread. The present set, held for the caller, who releases it; NULL if there are no keys
 * that may be used. */
bearer_keyset *bearer_keystore_hold(bearer_keystore *store);

/* There are keys that may be used. */
bool bearer_keystore_has_keys(bearer_keystore *store);

/* Some of the keys come from the network. */
bool bearer_keystore_is_remote(const bearer_keystore *store);

/* The files that the server reads while it runs, key files and those that fetching needs; NULL
 * beyond the last: for the check whether the run user may read them. */
const char *bearer_keystore_file(const bearer_keystore *store, size_t i);

/* Source words, for messages: "discovery, an https URL, jwks:file, pem:file or secret:file". */
const char *bearer_keystore_kinds(void);

/* The file name in a source word, NULL if it names none. */
const char *bearer_keystore_file_of(const char *source);

/* What is wrong with a source word of this issuer by itself; NULL if nothing is. */
const char *bearer_keystore_refuse(apr_pool_t *pool, const char *source, const char *issuer);

/* The source is `secret:`; such keys need HS algorithms, and no other source may have them. */
bool bearer_keystore_is_secret(const char *source);

/* The source is on the network. */
bool bearer_keystore_is_web(const char *source);

#endif
