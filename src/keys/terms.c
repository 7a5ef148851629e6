#include "bearer/terms.h"
#include "bearer/address.h"
#include "bearer/scoped.h"

#include <string.h>
#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>

const bearer_terms bearer_terms_default = {
    .access = { .timeout = 5 }, .refresh = 3600, .max_stale = 86400,
};

typedef const char *refuse_fn(BIO *bio);

static const char *refuse_certificate(BIO *bio)
{
    X509 *certificate = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
    bool found = certificate != NULL;

    X509_free(certificate);
    return found ? NULL : "holds no certificate (a PEM block CERTIFICATE is wanted)";
}

static const char *refuse_key(BIO *bio)
{
    static char no_password[] = "";             /* nobody is there to be asked */
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password);
    bool found = key != NULL;

    EVP_PKEY_free(key);
    return found ? NULL : "holds no private key (a PEM block PRIVATE KEY without a password is"
                          " wanted)";
}

#define AT(member) offsetof(bearer_terms, member)

static const struct row {
    const char *name;
    size_t offset;                  /* of the member: text, or an int where there are seconds */
    bearer_terms_kind kind;
    int most;                       /* seconds */
    refuse_fn *refuse;              /* says what is wrong with a file's content */
} rows[] = {
    { "ca",          AT(access.ca),          BEARER_TERMS_FILE,    0,        refuse_certificate },
    { "client-cert", AT(access.client_cert), BEARER_TERMS_FILE,    0,        refuse_certificate },
    { "client-key",  AT(access.client_key),  BEARER_TERMS_FILE,    0,        refuse_key },
    { "auth",        AT(access.auth),        BEARER_TERMS_FILE,    0,        NULL },
    { "proxy",       AT(access.proxy),       BEARER_TERMS_URL,     0,        NULL },
    { "refresh",     AT(refresh),            BEARER_TERMS_SECONDS, 86400,    NULL },
    { "timeout",     AT(access.timeout),     BEARER_TERMS_SECONDS, 60,       NULL },
    { "max-stale",   AT(max_stale),          BEARER_TERMS_SECONDS, 31536000, NULL },
};

const char *bearer_terms_name(size_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? rows[i].name : NULL;
}

bearer_terms_kind bearer_terms_kind_of(size_t i)
{
    return rows[i].kind;
}

static void bio_done(BIO **bio)
{
    BIO_free(*bio);
}

/* A file that cannot be opened here is looked at when it is used. */
static const char *refuse_content(const char *file, refuse_fn *refuse)
{
    BEARER_SCOPED(bio_done) BIO *bio = BIO_new_file(file, "rb");
    const char *error = bio != NULL ? refuse(bio) : NULL;

    ERR_clear_error();
    return error;
}

static const char *read_file(apr_pool_t *pool, const char *value, const char **file,
                             refuse_fn *refuse,
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
    if (info.filetype != APR_REG)
        return "is no regular file";
    return refuse != NULL ? refuse_content(*file, refuse) : NULL;
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
        error = read_file(pool, value, member, rows[i].refuse, resolve);
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
