/* Keeps keys fresh: a thread in each child of httpd, run by mod_watchdog, that looks at key files
 * and lets issuers be asked. Nothing of it happens in a request, nor in the parent process. */
#ifndef BEARER_REFRESHER_H
#define BEARER_REFRESHER_H

#include "bearer/config.h"

/* What the configuration wants of it can be had: mod_watchdog, and a state directory where keys
 * come from the network. False after logging what cannot. Changes nothing. */
bool bearer_refresher_check(apr_pool_t *pool, server_rec *server);

/* Once the configuration is in force: makes the state directory for the user that httpd runs as,
 * and asks mod_watchdog for a thread. False after logging what failed. */
bool bearer_refresher_start(apr_pool_t *pool, server_rec *server);

/* In a new child, before it serves: takes the keys that were kept. */
void bearer_refresher_child(apr_pool_t *pool, server_rec *server);

#endif
