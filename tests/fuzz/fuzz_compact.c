/* Property: a split token is three parts that lie within it and make it up; base64url decodes to
 * what encodes to the same text; a header that is read names a row of the table, word for word, and
 * has no crit. */
#include <jansson.h>

#include "fuzz.h"
#include "bearer/b64url.h"
#include "bearer/compact.h"
#include "bearer/header.h"
#include "bearer/json_text.h"

static bool is_part(bearer_span part)
{
    return part.len > 0 && memchr(part.ptr, '.', part.len) == NULL;
}

static void check_parts(bearer_span token, const bearer_compact *parts)
{
    must(is_part(parts->header) && is_part(parts->payload) && is_part(parts->signature));
    must(parts->header.ptr == token.ptr);
    must(parts->payload.ptr == parts->header.ptr + parts->header.len + 1);
    must(parts->signature.ptr == parts->payload.ptr + parts->payload.len + 1);
    must(parts->signature.ptr + parts->signature.len == token.ptr + token.len);
    must(parts->signing_input.ptr == token.ptr);
    must(parts->signing_input.len == parts->header.len + 1 + parts->payload.len);
}

static void check_header(apr_pool_t *pool, bearer_span text)
{
    static const bearer_types usual = {
        .kinds = BEARER_TYPE_ABSENT | BEARER_TYPE_JWT | BEARER_TYPE_AT,
    };
    bearer_verdict refused = { BEARER_ACCEPTED, NULL };
    const bearer_json *json;
    bearer_header header;
    json_t *again;

    if (bearer_json_read(pool, text, &json) != BEARER_JSON_OK)
        return;
    again = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, NULL);
    must(json_is_object(again) && memchr(text.ptr, 0, text.len) == NULL);
    if (bearer_header_read(json, &header, &refused)) {
        const char *alg = json_string_value(json_object_get(again, "alg"));

        must(alg != NULL && header.alg != NULL && strcmp(alg, header.alg->name) == 0);
        must(strlen(alg) == json_string_length(json_object_get(again, "alg")));
        must(json_object_get(again, "crit") == NULL);
        must(header.has_kid == json_is_string(json_object_get(again, "kid")));
        must(header.has_typ == json_is_string(json_object_get(again, "typ")));
        if (!header.has_typ)
            must(bearer_header_type_in(&header, &usual));
        else if (bearer_header_type_in(&header, &usual))
            must(header.typ.len == strlen("JWT") || header.typ.len == strlen("at+jwt")
                 || header.typ.len == strlen("application/JWT")
                 || header.typ.len == strlen("application/at+jwt"));
    }
    else
        must(refused.reason == BEARER_TOKEN_MALFORMED || refused.reason == BEARER_CRIT_REFUSED
             || refused.reason == BEARER_ALG_REFUSED);
    json_decref(again);
}

static void check_coded(apr_pool_t *pool, bearer_span text)
{
    unsigned char *bytes = malloc(BEARER_B64URL_DECODED(text.len));
    char *encoded;
    size_t len = 0;

    must(bytes != NULL);
    if (bearer_b64url_decode(text, bytes, &len)) {
        must(len <= BEARER_B64URL_DECODED(text.len));
        encoded = malloc(BEARER_B64URL_ENCODED(len));
        must(encoded != NULL);
        must(bearer_b64url_encode(bytes, len, encoded) == text.len);
        must(memcmp(encoded, text.ptr, text.len) == 0 && encoded[text.len] == '\0');
        must(bearer_b64url_alphabet(text));
        free(encoded);
        check_header(pool, (bearer_span){ (const char *)bytes, len });
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bearer_span token = fuzz_span(data, size);
    apr_pool_t *pool = fuzz_pool();
    bearer_compact parts;

    if (bearer_compact_split(token, &parts)) {
        check_parts(token, &parts);
        check_coded(pool, parts.header);
        check_coded(pool, parts.payload);
        check_coded(pool, parts.signature);
    }
    check_coded(pool, token);
    check_header(pool, token);              /* so that a mutation need not hit base64 */
    apr_pool_destroy(pool);
    fuzz_span_free(token);
    return 0;
}
