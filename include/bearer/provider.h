/* Token providers: who says what a token is worth. `jwt` is ours; other modules may register
 * more. */
#ifndef BEARER_PROVIDER_H
#define BEARER_PROVIDER_H

#include "bearer/config.h"

/* The provider of that name (AuthBearerProvider), or NULL. One of another module lives as long as
 * the pool. */
const bearer_provider *bearer_provider_find(apr_pool_t *pool, const char *name);

/* The names of all that are known now, NULL-terminated. */
const char *const *bearer_provider_names(apr_pool_t *pool);

/* Judges a token for this location. False if it is not of the provider's kind; then *verdict, which
 * the caller has set to a refusal, may say more about that. */
bool bearer_provider_judge(const bearer_provider *provider, request_rec *r, const bearer_conf *conf,
                           bearer_span token, bearer_findings *found, bearer_verdict *verdict);

#endif
