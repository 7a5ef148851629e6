/* Property: what is taken of a kept set is of the source that was asked for, with a digest of 64
 * hexadecimal digits and a set that is an object; written again it is read as the same, and not as
 * that of another source. What is not taken has a reason. */
#include "fuzz.h"
#include "bearer/json_text.h"
#include "bearer/saved.h"

#define SOURCE "https://issuer.example"

static void check_taken(const bearer_saved *saved)
{
    must(strcmp(saved->source, SOURCE) == 0);
    must(saved->uri != NULL && (saved->etag == NULL || *saved->etag != '\0'));
    must(saved->confirmed >= 0);
    must(strlen(saved->digest) == 64);
    for (const char *c = saved->digest; *c != '\0'; c++)
        must((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'f'));
    must(bearer_json_kind_of(saved->set) == BEARER_JSON_OBJECT);
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_written(apr_pool_t *pool, const bearer_saved *saved)
{
    const char *document = bearer_json_print(pool, saved->set);
    bearer_saved again = { NULL };
    char *text;

    must(document != NULL);
    text = bearer_saved_write(pool, saved, bearer_span_of(document));
    if (text == NULL) {                     /* the frame is too large, and nothing else */
        must(strlen(saved->uri) + (saved->etag != NULL ? strlen(saved->etag) : 0) > 2000);
        return;
    }
    must(strlen(text) < strlen(document) + BEARER_SAVED_FRAME);
    must(bearer_saved_read(pool, bearer_span_of(text), SOURCE, &again) == NULL);
    check_taken(&again);
    must(same(saved->uri, again.uri) && same(saved->etag, again.etag));
    must(saved->confirmed == again.confirmed && same(saved->digest, again.digest));
    must(same(document, bearer_json_print(pool, again.set)));
    must(bearer_saved_read(pool, bearer_span_of(text), SOURCE "/", &again) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bearer_span text = fuzz_span(data, size);
    apr_pool_t *pool = fuzz_pool();
    bearer_saved saved = { NULL };
    const char *error = bearer_saved_read(pool, text, SOURCE, &saved);

    if (error == NULL) {
        check_taken(&saved);
        check_written(pool, &saved);
    }
    else
        must(*error != '\0');
    apr_pool_destroy(pool);
    fuzz_span_free(text);
    return 0;
}
