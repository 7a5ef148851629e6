/* The Require words scope, claim and issuer. */
#ifndef BEARER_REQUIRE_H
#define BEARER_REQUIRE_H

#include <apr_pools.h>

void bearer_require_register(apr_pool_t *pool);

#endif
