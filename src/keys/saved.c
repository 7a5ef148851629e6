#include "bearer/saved.h"
#include "bearer/json_text.h"

#include <string.h>
#include <apr_strings.h>
#include <openssl/evp.h>

#define VERSION 1                   /* of this form; another one is not read */

bool bearer_saved_digest(bearer_span document, char digest[BEARER_SAVED_DIGEST + 1])
{
    unsigned char hash[EVP_MAX_MD_SIZE];

    if (EVP_Digest(document.ptr, document.len, hash, NULL, EVP_sha256(), NULL) != 1)
        return false;
    for (int i = 0; i < BEARER_SAVED_DIGEST / 2; i++)
        apr_snprintf(digest + 2 * i, 3, "%02x", hash[i]);
    return true;
}

static const char *quoted(apr_pool_t *pool, const char *text)
{
    return bearer_json_quote(pool, bearer_span_of(text != NULL ? text : ""));
}

char *bearer_saved_write(apr_pool_t *pool, const bearer_saved *saved, bearer_span document)
{
    const char *source = quoted(pool, saved->source), *uri = quoted(pool, saved->uri);
    const char *etag = quoted(pool, saved->etag), *head;

    if (source == NULL || uri == NULL)
        return NULL;
    head = apr_psprintf(pool,
                        "{\"version\":%d,\"source\":%s,\"uri\":%s,\"etag\":%s,"
                        "\"confirmed\":%" APR_INT64_T_FMT ",\"digest\":\"%s\",\"set\":",
                        VERSION, source, uri, etag != NULL ? etag : "\"\"", saved->confirmed,
                        saved->digest);
    if (strlen(head) + 2 >= BEARER_SAVED_FRAME)
        return NULL;
    return apr_psprintf(pool, "%s%.*s}\n", head, (int)document.len, document.ptr);
}

/* A string member, in the pool; NULL if there is none. */
static const char *text_of(apr_pool_t *pool, const bearer_json *json, const char *name)
{
    bearer_span text;

    if (bearer_json_string(json, name, &text) != BEARER_PRESENT)
        return NULL;
    return apr_pstrmemdup(pool, text.ptr, text.len);
}

static bool read_digest(const bearer_json *json, char *digest)
{
    bearer_span text;

    if (bearer_json_string(json, "digest", &text) != BEARER_PRESENT
        || text.len != BEARER_SAVED_DIGEST)
        return false;
    memcpy(digest, text.ptr, text.len);
    digest[text.len] = '\0';
    return strspn(digest, "0123456789abcdef") == BEARER_SAVED_DIGEST;
}

const char *bearer_saved_read(apr_pool_t *pool, bearer_span text, const char *source,
                              bearer_saved *saved)
{
    const bearer_json *json;
    int64_t version = 0;

    if (bearer_json_read(pool, text, &json) != BEARER_JSON_OK)
        return "is not one JSON object";
    if (bearer_json_time(json, "version", &version) != BEARER_PRESENT || version != VERSION)
        return "is of another version";
    saved->source = text_of(pool, json, "source");
    saved->uri = text_of(pool, json, "uri");
    saved->etag = text_of(pool, json, "etag");
    saved->set = bearer_json_member(json, "set");
    if (saved->source == NULL || saved->uri == NULL || saved->etag == NULL
        || bearer_json_kind_of(saved->set) != BEARER_JSON_OBJECT
        || bearer_json_time(json, "confirmed", &saved->confirmed) != BEARER_PRESENT
        || !read_digest(json, saved->digest))
        return "lacks a member";
    if (strcmp(saved->source, source) != 0)
        return "is of another source";
    if (saved->etag[0] == '\0')
        saved->etag = NULL;
    return NULL;
}
