#include "bearer/source.h"
#include "bearer/jwk.h"

#include <string.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/crypto.h>

#define WANTED                                                                                     \
    (APR_FINFO_MTIME | APR_FINFO_CTIME | APR_FINFO_SIZE | APR_FINFO_INODE | APR_FINFO_TYPE)

const bearer_key *const *bearer_source_secret(apr_pool_t *pool, bearer_span text,
                                              const bearer_log *log, const char **error)
{
    const bearer_key **keys = apr_pcalloc(pool, 2 * sizeof(*keys));
    bearer_span body = { text.ptr, text.len - (text.len > 0) };

    if (text.len > 0 && text.ptr[body.len] == '\n' && !bearer_span_has_control(body))
        bearer_log_line(log, BEARER_LOG_WARNING,
                        "the secret looks like text and ends in a newline, which"
                        " is part of the key: is that meant?");
    keys[0] = bearer_key_secret(pool, text.ptr, text.len, error);
    return keys[0] != NULL ? (const bearer_key *const *)keys : NULL;
}

static bearer_stamp stamp_of(const apr_finfo_t *info)
{
    return (bearer_stamp){ info->mtime, info->ctime, info->size, info->inode };
}

bool bearer_stamp_equal(const bearer_stamp *a, const bearer_stamp *b)
{
    return a->mtime == b->mtime && a->ctime == b->ctime && a->size == b->size
           && a->inode == b->inode;
}

bool bearer_source_changed(apr_pool_t *pool, const char *file, const bearer_stamp *stamp)
{
    apr_finfo_t info;
    bearer_stamp now;

    if (apr_stat(&info, file, WANTED, pool) != APR_SUCCESS)
        return true;
    now = stamp_of(&info);
    return !bearer_stamp_equal(&now, stamp);
}

static const char *because(apr_pool_t *pool, const char *what, apr_status_t status)
{
    char why[120];

    return apr_psprintf(pool, "%s: %s", what, apr_strerror(status, why, sizeof(why)));
}

/* The whole of an open file; its stamp is taken before the first byte, so that a write in between
 * shows later. */
static const char *read_open(apr_pool_t *pool, apr_file_t *file, bearer_stamp *stamp,
                             bearer_span *text)
{
    apr_finfo_t info;
    apr_status_t status = apr_file_info_get(&info, WANTED, file);
    char *bytes;
    apr_size_t len;

    if (status != APR_SUCCESS)
        return because(pool, "cannot be looked at", status);
    *stamp = stamp_of(&info);
    if (info.filetype != APR_REG)
        return "is no regular file";
    if (info.size == 0)
        return "is empty";
    if (info.size > BEARER_JWK_MAX_BYTES)
        return apr_psprintf(pool, "is larger than %d bytes", BEARER_JWK_MAX_BYTES);
    bytes = apr_palloc(pool, (apr_size_t)info.size);
    status = apr_file_read_full(file, bytes, (apr_size_t)info.size, &len);
    *text = (bearer_span){ bytes, len };
    if (status == APR_SUCCESS)
        return NULL;
    memset(stamp, 0, sizeof(*stamp));
    return because(pool, "cannot be read", status);
}

/* Looked at before it is opened: opening a pipe would wait for its writer. */
static const char *read_file(apr_pool_t *pool, const char *name, bearer_stamp *stamp,
                             bearer_span *text)
{
    apr_file_t *file;
    apr_finfo_t info;
    const char *error;
    apr_status_t status = apr_stat(&info, name, WANTED, pool);

    memset(stamp, 0, sizeof(*stamp));
    if (status == APR_SUCCESS && info.filetype != APR_REG)
        return "is no regular file";
    if (status == APR_SUCCESS)
        status = apr_file_open(&file, name, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT,
                               pool);
    if (status != APR_SUCCESS)
        return because(pool, "cannot be opened", status);
    error = read_open(pool, file, stamp, text);
    apr_file_close(file);
    return error;
}

const char *bearer_source_no_key(apr_pool_t *pool, const bearer_first_log *lines)
{
    return apr_pstrcat(pool, "holds no usable key", lines->line[0] != '\0' ? ": " : "",
                       lines->line, NULL);
}

const bearer_key *const *bearer_source_read(apr_pool_t *pool, const char *file,
                                            bearer_key_reader *reader, bearer_stamp *stamp,
                                            const bearer_log *log, const char **error)
{
    bearer_named_log named = { log, file };
    bearer_first_log first = { &(bearer_log){ bearer_log_named, &named }, "" };
    const bearer_key *const *keys;
    bearer_span text;

    *error = read_file(pool, file, stamp, &text);
    if (*error != NULL)
        return NULL;
    keys = reader(pool, text, &(bearer_log){ bearer_log_first, &first }, error);
    OPENSSL_cleanse((char *)(uintptr_t)text.ptr, text.len);      /* it may be a secret */
    if (keys != NULL && *keys == NULL) {
        *error = bearer_source_no_key(pool, &first);
        return NULL;
    }
    return keys;
}
