/* Files that htbearer writes: whole or not at all, and never over another one unasked. */
#ifndef FILES_H
#define FILES_H

#include <apr_file_info.h>
#include <apr_pools.h>
#include "bearer/span.h"

#define TOOL_PRIVATE (APR_FPROT_UREAD | APR_FPROT_UWRITE)
#define TOOL_PUBLIC (TOOL_PRIVATE | APR_FPROT_GREAD | APR_FPROT_WREAD)

typedef struct {
    const char *name;               /* NULL: not wanted */
    bearer_span bytes;
    apr_fileperms_t mode;           /* exactly, whatever the umask */
    bool replace;                   /* may stand there already; a reader sees the old or the new */
} tool_file;

/* Something of that name is there, also a link to nowhere. */
bool tool_file_exists(apr_pool_t *pool, const char *name);

/* Writes all of them; if one fails, none stays that was not there before. NULL, or what is
 * wrong. */
const char *tool_files_write(apr_pool_t *pool, const tool_file *files, size_t count);

#endif
