/* What a source is asked in one attempt, and what becomes of its answers: metadata that say where
 * the set is, and the set. */
#ifndef BEARER_INQUIRY_H
#define BEARER_INQUIRY_H

#include "bearer/remote.h"

typedef enum {
    BEARER_INQUIRY_UNDER_WAY = 0, BEARER_INQUIRY_FAILED, BEARER_INQUIRY_DONE
} bearer_end;

/* How it stands. */
typedef struct {
    bearer_end end;
    const char *words;              /* what came of it, for the log; NULL while it is under way */
    int64_t fresh;                  /* done: seconds as bearer_fetched has them */
} bearer_outcome;

typedef struct bearer_inquiry bearer_inquiry;

/* Asks the first question. It lives as long as the pool, and ends with it at any time. */
bearer_inquiry *bearer_inquiry_start(apr_pool_t *pool, bearer_remote *remote,
                                     const bearer_means *with);

/* Looks whether an answer has come, and asks what follows from it. Once it is done, new keys are in
 * remote->arrived, and in the state directory for the other processes: only a 2xx answer with at
 * least one usable key brings them; a 304, or the same document again, confirms what there is. */
bearer_outcome bearer_inquiry_step(bearer_inquiry *inquiry, bearer_remote *remote,
                                   const bearer_means *with);

#endif
