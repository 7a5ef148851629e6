/* A place that keys come from. One row a kind in keystore.c, one file a kind here below:
 * source_file.c. */
#ifndef BEARER_SOURCE_H
#define BEARER_SOURCE_H

#include <apr_file_info.h>
#include "bearer/key.h"
#include "bearer/log.h"

/* When a file was last seen to change; all zero: never seen. */
typedef struct {
    apr_time_t mtime, ctime;
    apr_off_t size;
    apr_ino_t inode;
} bearer_stamp;

/* They are of the same state of the same file. */
bool bearer_stamp_equal(const bearer_stamp *a, const bearer_stamp *b);

typedef const bearer_key *const *bearer_key_reader(apr_pool_t *pool, bearer_span text,
                                                   const bearer_log *log, const char **error);

/* Reads raw bytes as one HMAC key; warns where they look like text that ends in a newline. */
bearer_key_reader bearer_source_secret;

/* What is wrong with a set of which all keys were skipped, and why the first was. */
const char *bearer_source_no_key(apr_pool_t *pool, const bearer_first_log *lines);

/* The file's stamp differs from *stamp, links followed (Kubernetes swaps a link). A file that
 * cannot be looked at has changed. */
bool bearer_source_changed(apr_pool_t *pool, const char *file, const bearer_stamp *stamp);

/* Reads the file with that reader. NULL and *error if it cannot be opened, is larger than
 * BEARER_JWK_MAX_BYTES, is no regular file, is refused by the reader, or holds no usable key.
 * *stamp is that of what was read, also if it was refused; zeros if it could not be read, so that
 * it is tried again. */
const bearer_key *const *bearer_source_read(apr_pool_t *pool, const char *file,
                                            bearer_key_reader *reader, bearer_stamp *stamp,
                                            const bearer_log *log, const char **error);

#endif
