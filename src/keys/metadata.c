#include "bearer/metadata.h"
#include "bearer/address.h"
#include "bearer/json.h"
#include "bearer/json_text.h"

#include <string.h>
#include <apr_strings.h>

static const char *shown(apr_pool_t *pool, bearer_span text)
{
    return bearer_span_printable(pool, text, BEARER_SPAN_URL);
}

const char *bearer_metadata_jwks_uri(apr_pool_t *pool, bearer_span text, const char *issuer,
                                     const char **error)
{
    const bearer_json *document;
    const char *uri, *wrong;
    bearer_span name = { "", 0 }, address;

    *error = "is not one JSON object";
    if (bearer_json_read(pool, text, &document) != BEARER_JSON_OK)
        return NULL;
    *error = "has no issuer";
    if (bearer_json_string(document, "issuer", &name) != BEARER_PRESENT)
        return NULL;
    *error = apr_psprintf(pool, "is of another issuer, \"%s\"", shown(pool, name));
    if (!bearer_span_is(name, issuer))
        return NULL;
    *error = "has no jwks_uri";
    if (bearer_json_string(document, "jwks_uri", &address) != BEARER_PRESENT)
        return NULL;
    uri = apr_pstrmemdup(pool, address.ptr, address.len);
    wrong = bearer_address_refuse_named(pool, issuer, uri);
    if (wrong == NULL)
        return uri;
    *error = apr_psprintf(pool, "has a jwks_uri that %s: \"%s\"", wrong, shown(pool, address));
    return NULL;
}
