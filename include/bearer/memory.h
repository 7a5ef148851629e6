/* The cache of facts about tokens (cache.h) that this process has. */
#ifndef BEARER_MEMORY_H
#define BEARER_MEMORY_H

#include "bearer/config.h"

/* The hook: makes it, as large as AuthBearerCache says, if some issuer is configured. */
void bearer_memory_child(apr_pool_t *pool, server_rec *server);

/* The cache, or NULL if there is none. */
bearer_cache *bearer_memory(void);

#endif
