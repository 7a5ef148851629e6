/* The cache of facts about tokens (cache.h) that this process has. */
#ifndef BEARER_MEMORY_H
#define BEARER_MEMORY_H

#include "bearer/config.h"

/* How large it is, by AuthBearerCache or by default: both numbers are 0 if it is off. */
bearer_cache_size bearer_memory_size(server_rec *server);

/* The hook: makes it, if some issuer is configured. */
void bearer_memory_child(apr_pool_t *pool, server_rec *server);

/* The cache, or NULL if there is none. */
bearer_cache *bearer_memory(void);

#endif
