#include "files.h"

#include <string.h>
#include <apr_file_io.h>
#include <apr_strings.h>

static const char *because(apr_pool_t *pool, const char *file, apr_status_t status)
{
    char why[120];

    apr_strerror(status, why, sizeof(why));
    return apr_psprintf(pool, "the file %s cannot be written: %s", file, why);
}

/* A new file; no link is followed, and nobody else reads it half-written. */
static const char *create(apr_pool_t *pool, const char *name, const tool_file *from)
{
    const apr_int32_t how = APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_BINARY;
    apr_file_t *file;
    apr_status_t status = apr_file_open(&file, name, how, TOOL_PRIVATE, pool);

    if (status != APR_SUCCESS)
        return because(pool, name, status);
    status = apr_file_write_full(file, from->bytes.ptr, from->bytes.len, NULL);
    if (status == APR_SUCCESS)
        status = apr_file_perms_set(name, from->mode);
    if (status == APR_SUCCESS)
        status = apr_file_sync(file);
    if (apr_file_close(file) != APR_SUCCESS && status == APR_SUCCESS)
        status = APR_EGENERAL;
    if (status == APR_SUCCESS)
        return NULL;
    apr_file_remove(name, pool);
    return because(pool, name, status);
}

/* A server may be reading the old file: the new one takes its place whole. */
static const char *replace(apr_pool_t *pool, const tool_file *from)
{
    const char *part = apr_psprintf(pool, "%s.new", from->name);
    const char *error = create(pool, part, from);
    apr_status_t status;

    if (error != NULL)
        return error;
    status = apr_file_rename(part, from->name, pool);
    if (status == APR_SUCCESS)
        return NULL;
    apr_file_remove(part, pool);
    return because(pool, from->name, status);
}

bool tool_file_exists(apr_pool_t *pool, const char *name)
{
    apr_finfo_t info;

    return apr_stat(&info, name, APR_FINFO_LINK | APR_FINFO_TYPE, pool) == APR_SUCCESS;
}

static const char *refuse_files(apr_pool_t *pool, const tool_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (files[i].name == NULL)
            continue;
        if (!files[i].replace && tool_file_exists(pool, files[i].name))
            return apr_psprintf(pool, "the file %s exists: force=yes overwrites it",
                                files[i].name);
        for (size_t k = 0; k < i; k++)
            if (files[k].name != NULL && strcmp(files[k].name, files[i].name) == 0)
                return apr_psprintf(pool, "the file %s is named twice", files[i].name);
    }
    return NULL;
}

/* Those that are new, or those that stood there before; *done counts what was begun. */
static const char *write_some(apr_pool_t *pool, const tool_file *files, size_t count,
                              const bool *existed, bool which, size_t *done)
{
    const char *error = NULL;

    for (*done = 0; error == NULL && *done < count; (*done)++) {
        const tool_file *next = &files[*done];

        if (next->name != NULL && existed[*done] == which)
            error = which ? replace(pool, next) : create(pool, next->name, next);
    }
    return error;
}

/* What is new goes again when something fails, and what stood there is replaced last. */
const char *tool_files_write(apr_pool_t *pool, const tool_file *files, size_t count)
{
    bool *existed = apr_pcalloc(pool, sizeof(*existed) * (count + 1));
    const char *error = refuse_files(pool, files, count);
    size_t done, last;

    if (error != NULL)
        return error;
    for (size_t i = 0; i < count; i++)
        existed[i] = files[i].name != NULL && tool_file_exists(pool, files[i].name);
    error = write_some(pool, files, count, existed, false, &done);
    if (error != NULL)
        done--;                         /* the one that failed left nothing */
    else
        error = write_some(pool, files, count, existed, true, &last);
    for (size_t i = 0; error != NULL && i < done; i++)
        if (files[i].name != NULL && !existed[i])
            apr_file_remove(files[i].name, pool);
    return error;
}
