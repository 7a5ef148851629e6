/* Input: one byte that picks the issuer, a document. Property: an address that comes out is one
 * that the issuer may name, and is the document's jwks_uri, the document's issuer being the name,
 * as jansson alone reads the same text; https or of this machine, without user, fragment, blanks
 * and control bytes. Where none comes out, the reason is a printable sentence of modest length. */
#include <jansson.h>

#include "fuzz.h"
#include "bearer/address.h"
#include "bearer/metadata.h"

static const char *const issuers[] = {
    "https://issuer.example", "https://issuer.example/a", "http://127.0.0.1:8080",
    "http://[::1]/a",
};

static bool is_member(const json_t *document, const char *name, const char *value)
{
    const json_t *member = json_object_get(document, name);

    return json_is_string(member) && json_string_length(member) == strlen(value)
        && strcmp(json_string_value(member), value) == 0;
}

static bool begins(const char *text, const char *word)
{
    for (; *word != '\0'; text++, word++)
        if ((*text | 0x20) != *word && *text != *word)
            return false;
    return true;
}

static bool is_local(const char *url)
{
    return begins(url, "http://127.") || begins(url, "http://[::1]")
        || begins(url, "http://localhost");
}

static void check_address(const char *url, bool local)
{
    size_t len = strlen(url);

    must(len <= 2000 && len > strlen("https://"));
    must(begins(url, "https://") || (local && is_local(url)));
    for (const char *c = url; *c != '\0'; c++)
        must(*c > ' ' && *c <= '~' && *c != '#');
    url = strstr(url, "//") + 2;
    must(memchr(url, '@', strcspn(url, "/?")) == NULL && strcspn(url, "/?:") > 0);
}

static void check_reason(const char *error)
{
    must(error != NULL && *error != '\0' && strlen(error) < 500);
    for (; *error != '\0'; error++)
        must(*error >= ' ' && *error <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *issuer, *uri, *error = NULL;
    apr_pool_t *pool;
    bearer_span text;
    json_t *document;

    if (size < 1)
        return 0;
    issuer = issuers[data[0] % (sizeof(issuers) / sizeof(issuers[0]))];
    pool = fuzz_pool();
    text = fuzz_span(data + 1, size - 1);
    uri = bearer_metadata_jwks_uri(pool, text, issuer, &error);
    if (uri != NULL) {
        document = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
        must(is_member(document, "issuer", issuer) && is_member(document, "jwks_uri", uri));
        must(bearer_address_refuse_named(pool, issuer, uri) == NULL);
        check_address(uri, begins(issuer, "http://"));
        json_decref(document);
    }
    else
        check_reason(error);
    apr_pool_destroy(pool);
    fuzz_span_free(text);
    return 0;
}
