/* Keeps keys fresh: a thread in each child of httpd that looks at key files and lets issuers be
 * asked. Nothing of it happens in a request, nor in the parent process. */
#ifndef BEARER_REFRESHER_H
#define BEARER_REFRESHER_H

#include "bearer/config.h"

/* Where keys come from the network there can be a state directory. False after logging why not.
 * Changes nothing. */
bool bearer_refresher_check(apr_pool_t *pool, server_rec *server);

/* Once the configuration is in force: makes the state directory for the user that httpd runs as.
 * False after logging what failed. */
bool bearer_refresher_start(apr_pool_t *pool, server_rec *server);

/* In a new child, before it serves: takes the keys that were kept, and starts the thread, which
 * ends before anything else of the pool does. */
void bearer_refresher_child(apr_pool_t *pool, server_rec *server);

#endif
