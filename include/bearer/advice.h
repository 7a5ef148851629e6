/* Warnings about what is allowed and seldom meant, as far as the text of the configuration shows
 * it. */
#ifndef BEARER_ADVICE_H
#define BEARER_ADVICE_H

#include "bearer/config.h"

/* Logs them, each once: at startup, and in a test of the configuration. */
void bearer_advice_give(apr_pool_t *pool, server_rec *server);

#endif
