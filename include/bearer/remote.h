/* Keys on the network: what is known of one source, and how new keys of it arrive in a process. How
 * they are fetched is renew.h. */
#ifndef BEARER_REMOTE_H
#define BEARER_REMOTE_H

#include <stdatomic.h>
#include "bearer/keyset.h"
#include "bearer/log.h"
#include "bearer/saved.h"
#include "bearer/state.h"
#include "bearer/terms.h"

typedef struct bearer_renewal bearer_renewal;

typedef struct {
    /* Read-only. */
    const char *source;             /* the issuer, or the address of the set: for messages */
    bool discovered;                /* the issuer's metadata says where the set is */
    bearer_terms terms;
    const char *keys_file, *times_file, *lock_file;     /* names in the state directory */
    /* Set by any thread: when a token first named a key that is unknown, seconds; 0: none did. */
    _Atomic int64_t asked;
    /* Of the one thread that looks and renews. */
    int64_t next;                   /* when to look at the schedule again */
    int64_t seen;                   /* the time of the last step: a clock may be set back */
    bool complained;                /* this process has told of a failure */
    char failure[160];              /* why the last attempt failed, whoever made it; or empty */
    bool scheduled;                 /* there was a schedule at the last look */
    int64_t heard;                  /* the asking that the schedule was looked at for */
    int64_t confirmed;              /* when the keys were last said to be the issuer's; 0: never */
    char digest[BEARER_SAVED_DIGEST + 1];   /* of the set in use; empty: none */
    bool kept;                      /* and that set is what the state directory has */
    bearer_stamp keys_stamp, times_stamp;
    bearer_keyset *arrived;         /* fetched by this process, not taken yet */
    bearer_renewal *renewal;        /* under way; or NULL */
} bearer_remote;

/* What looking and renewing work with. */
typedef struct {
    const bearer_state *state;      /* NULL: nothing is kept, as in the tool */
    bearer_fetcher *fetcher;        /* NULL: nothing is fetched */
    int64_t now;                    /* seconds since 1970 */
    const bearer_log *log;
} bearer_means;

/* A source: that of an issuer's metadata, or the set at an address. Both were let pass by
 * address.h. Its refresh is at most half of max_stale. NULL when OpenSSL fails. */
bearer_remote *bearer_remote_make(apr_pool_t *pool, const char *issuer_or_url, bool discovered,
                                  const bearer_terms *terms);

/* A token names a key that is unknown. From any thread; costs nothing when repeated. */
void bearer_remote_ask(bearer_remote *remote, int64_t now);

/* New keys, for the caller to release: from a renewal of this process, or kept by another one. NULL
 * if nothing is new. What is kept but cannot be used is logged once. A schedule that was deleted
 * means that the source is to be asked now. */
bearer_keyset *bearer_remote_look(apr_pool_t *pool, bearer_remote *remote,
                                  const bearer_means *with);

/* The source has not confirmed its keys for max_stale seconds. */
bool bearer_remote_is_stale(const bearer_remote *remote, int64_t now);

/* It has keys that may be used. */
bool bearer_remote_has_keys(const bearer_remote *remote, int64_t now);

/* What keys it has, in words for a log line: "there are none yet". */
const char *bearer_remote_words(apr_pool_t *pool, const bearer_remote *remote, int64_t now);

#endif
