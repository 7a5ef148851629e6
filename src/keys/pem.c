#include "bearer/pem.h"
#include "bearer/scoped.h"

#include <string.h>
#include <apr_tables.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static void bio_done(BIO **bio)
{
    BIO_free(*bio);
}

static EVP_PKEY *read_public(const unsigned char *der, long len)
{
    return d2i_PUBKEY(NULL, &der, len);
}

static EVP_PKEY *read_rsa_public(const unsigned char *der, long len)
{
    return d2i_PublicKey(EVP_PKEY_RSA, NULL, &der, len);
}

static EVP_PKEY *read_certificate(const unsigned char *der, long len)
{
    X509 *certificate = d2i_X509(NULL, &der, len);
    EVP_PKEY *pkey = certificate != NULL ? X509_get_pubkey(certificate) : NULL;

    X509_free(certificate);
    return pkey;
}

static const struct {
    const char *label;
    EVP_PKEY *(*read)(const unsigned char *der, long len);
} blocks[] = {
    { PEM_STRING_PUBLIC,     read_public },
    { PEM_STRING_RSA_PUBLIC, read_rsa_public },
    { PEM_STRING_X509,       read_certificate },
    { PEM_STRING_X509_OLD,   read_certificate },
    { NULL,                  NULL },
};

static void take_block(apr_pool_t *pool, const char *label, const unsigned char *der, long len,
                       apr_array_header_t *keys, const bearer_log *log)
{
    const char *error = "not a public key or certificate that can be read";
    const bearer_key *key;
    EVP_PKEY *pkey;
    size_t i = 0;

    while (blocks[i].label != NULL && strcmp(label, blocks[i].label) != 0)
        i++;
    pkey = blocks[i].label != NULL ? blocks[i].read(der, len) : NULL;
    key = pkey != NULL ? bearer_key_adopt(pool, pkey, &error) : NULL;
    if (key != NULL)
        APR_ARRAY_PUSH(keys, const bearer_key *) = key;
    else
        bearer_log_line(log, BEARER_LOG_INFO, "a PEM block %.40s is skipped: %s", label, error);
}

/* Takes one block after the other. A broken one is skipped; the bytes are over when OpenSSL finds
 * no further beginning. */
static size_t take_blocks(apr_pool_t *pool, BIO *bio, apr_array_header_t *keys,
                          const bearer_log *log)
{
    size_t seen = 0;
    char *label, *header;
    unsigned char *der;
    long len;

    for (;;) {
        if (PEM_read_bio(bio, &label, &header, &der, &len) == 1) {
            take_block(pool, label, der, len, keys, log);
            OPENSSL_free(label);
            OPENSSL_free(header);
            OPENSSL_free(der);
        }
        else if (BIO_pending(bio) == 0
                 || ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
            return seen;
        else
            bearer_log_line(log, BEARER_LOG_INFO, "a PEM block is skipped: it is broken");
        ERR_clear_error();
        seen++;
    }
}

const bearer_key *const *bearer_pem_read(apr_pool_t *pool, bearer_span text, const bearer_log *log,
                                         const char **error)
{
    static const char private[] = "PRIVATE KEY-----";
    BEARER_SCOPED(bio_done) BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    apr_array_header_t *keys = apr_array_make(pool, 2, sizeof(const bearer_key *));

    *error = "holds a private key: give the server the public key only";
    if (memmem(text.ptr, text.len, private, strlen(private)) != NULL)
        return NULL;
    *error = "is not PEM (a PUBLIC KEY or CERTIFICATE block is wanted)";
    if (bio == NULL || take_blocks(pool, bio, keys, log) == 0)
        return NULL;
    ERR_clear_error();
    APR_ARRAY_PUSH(keys, const bearer_key *) = NULL;
    return (const bearer_key *const *)keys->elts;
}
