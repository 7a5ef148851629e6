/* An answer in words: for log lines, which never quote its body. */
#ifndef BEARER_FETCHED_H
#define BEARER_FETCHED_H

#include "bearer/fetch.h"

/* What is wrong with the answer itself, whatever it holds; NULL for 2xx. */
const char *bearer_fetched_refuse(apr_pool_t *pool, const bearer_fetched *answer);

/* Status, size and how long it is fresh, as in "status 200, 871 bytes, fresh for 3600 s"; or why
 * there is none. */
const char *bearer_fetched_words(apr_pool_t *pool, const bearer_fetched *answer);

#endif
