/* Whether the user that httpd's children run as may read a file: only that user can say, since
 * access lists and parent folders count too. */
#ifndef BEARER_READER_H
#define BEARER_READER_H

#include <stdbool.h>
#include <apr_tables.h>

/* Replaces each file name (const char *) that the run user can read by NULL, so that those it
 * cannot read are left. Asks a child process that takes the user's identity; without root's rights
 * there is nothing to ask and the list becomes empty. */
void bearer_reader_check(apr_array_header_t *files);

#endif
