#include "bearer/terms.h"
#include "bearer/address.h"

#include <string.h>
#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>

const bearer_terms bearer_terms_default = {
    .access = { .timeout = 5 }, .refresh = 3600, .max_stale = 86400,
};

static const struct row {
    const char *name;
    size_t offset;                  /* of the member: text, or an int where there are seconds */
    bearer_terms_kind kind;
    int most;                       /* seconds */
} rows[] = {
    { "ca",          offsetof(bearer_terms, access.ca),          BEARER_TERMS_FILE,    0 },
    { "client-cert", offsetof(bearer_terms, access.client_cert), BEARER_TERMS_FILE,    0 },
    { "client-key",  offsetof(bearer_terms, access.client_key),  BEARER_TERMS_FILE,    0 },
    { "auth",        offsetof(bearer_terms, access.auth),        BEARER_TERMS_FILE,    0 },
    { "proxy",       offsetof(bearer_terms, access.proxy),       BEARER_TERMS_URL,     0 },
    { "refresh",     offsetof(bearer_terms, refresh),            BEARER_TERMS_SECONDS, 86400 },
    { "timeout",     offsetof(bearer_terms, access.timeout),     BEARER_TERMS_SECONDS, 60 },
    { "max-stale",   offsetof(bearer_terms, max_stale),          BEARER_TERMS_SECONDS, 31536000 },
};

const char *bearer_terms_name(size_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? rows[i].name : NULL;
}

bearer_terms_kind bearer_terms_kind_of(size_t i)
{
    return rows[i].kind;
}

static const char *read_file(apr_pool_t *pool, const char *value, const char **file,
                             char *(*resolve)(apr_pool_t *pool, const char *file))
{
    char why[120];
    apr_finfo_t info;
    apr_status_t status;

    *file = *value != '\0' ? resolve(pool, value) : NULL;
    if (*file == NULL)
        return "the file name is not valid";
    status = apr_stat(&info, *file, APR_FINFO_TYPE, pool);
    if (status != APR_SUCCESS)
        return apr_psprintf(pool, "cannot be looked at: %s",
                            apr_strerror(status, why, sizeof(why)));
    return info.filetype == APR_REG ? NULL : "is no regular file";
}

static const char *read_url(apr_pool_t *pool, const char *value, const char **url)
{
    *url = apr_pstrdup(pool, value);
    return bearer_address_refuse_proxy(pool, value);
}

static const char *read_seconds(apr_pool_t *pool, const char *value, int most, int *seconds)
{
    char *end;
    apr_int64_t number = apr_strtoi64(value, &end, 10);

    if (!apr_isdigit(*value) || *end != '\0' || number < 1 || number > most)
        return apr_psprintf(pool, "want a whole number of seconds from 1 to %d", most);
    *seconds = (int)number;
    return NULL;
}

const char *bearer_terms_read(apr_pool_t *pool, bearer_terms *terms, size_t i, const char *value,
                              char *(*resolve)(apr_pool_t *pool, const char *file))
{
    void *member = (char *)terms + rows[i].offset;
    const char *error;

    switch (rows[i].kind) {
    case BEARER_TERMS_FILE:
        error = read_file(pool, value, member, resolve);
        break;
    case BEARER_TERMS_URL:
        error = read_url(pool, value, member);
        break;
    default:
        error = read_seconds(pool, value, rows[i].most, member);
    }
    if (error == NULL)
        return NULL;
    if (rows[i].kind == BEARER_TERMS_URL)       /* it may hold a password */
        return apr_psprintf(pool, "%s=: %s", rows[i].name, error);
    return apr_psprintf(pool, "%s=%s: %s", rows[i].name, value, error);
}

const char *bearer_terms_refuse(const bearer_terms *terms)
{
    if ((terms->access.client_cert == NULL) != (terms->access.client_key == NULL))
        return "client-cert= and client-key= go together";
    return NULL;
}
