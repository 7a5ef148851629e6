/* What one reading of the configuration collects: lives in the configuration's pool and ends with
 * it. */
#ifndef BEARER_REGISTRY_H
#define BEARER_REGISTRY_H

#include "bearer/config.h"

/* The trust for these words: the one that another section already opened with the same ones, or a
 * new one. NULL and *error as bearer_issuer_open. What the keys gave to log is kept for
 * bearer_registry_report. */
bearer_trust *bearer_registry_trust(cmd_parms *cmd, const char *const *words, const char **error);

/* Remembers a section for the checks at the end. */
void bearer_registry_section(cmd_parms *cmd, bearer_conf *conf);

/* Every trust once: an array of bearer_trust *. */
apr_array_header_t *bearer_registry_trusts(apr_pool_t *pool, server_rec *server);

/* Errors that only the whole configuration shows: false after logging each. */
bool bearer_registry_check(apr_pool_t *pool, server_rec *server);

/* Puts a line of the parts below httpd into the server's log. number is that of the message. */
void bearer_registry_log(server_rec *server, bearer_log_level level, const char *number,
                         const char *text);

/* Logs what is worth knowing at startup: versions, keys that were skipped, files that the run user
 * cannot read, settings that often go wrong. */
void bearer_registry_report(apr_pool_t *pool, server_rec *server);

#endif
