/* Property: what is taken out of a form or a Cookie field is not found any more, and taking out
 * again takes nothing; what is found once has a value no longer than the text, without NUL; what is
 * not found leaves a form byte for byte as it was. */
#include "fuzz.h"
#include "bearer/cookie.h"
#include "bearer/form.h"

static void form(apr_pool_t *pool, bearer_span text)
{
    bearer_span value = { NULL, 0 }, left = bearer_form_without(pool, text, "t"), again;
    bearer_found found = bearer_form_find(pool, text, "t", &value);

    must((found == BEARER_ABSENT) == bearer_span_equal(left, text));
    must(found != BEARER_PRESENT
         || (value.len <= text.len && memchr(value.ptr, 0, value.len) == NULL));
    must(bearer_form_find(pool, left, "t", &value) == BEARER_ABSENT);
    again = bearer_form_without(pool, left, "t");
    must(bearer_span_equal(again, left));
}

static void cookie(apr_pool_t *pool, bearer_span text)
{
    bearer_span value = { NULL, 0 };
    const char *left = bearer_cookie_without(pool, text, "t"), *again;

    if (bearer_cookie_find(text, "t", &value) == BEARER_PRESENT)
        must(value.len > 0 && lies_within(value, text));
    if (left == NULL || memchr(text.ptr, 0, text.len) != NULL)
        return;
    must(strlen(left) <= text.len * 2);
    must(bearer_cookie_find(bearer_span_of(left), "t", &value) == BEARER_ABSENT);
    again = bearer_cookie_without(pool, bearer_span_of(left), "t");
    must(again != NULL && strcmp(again, left) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bearer_span text = fuzz_span(data, size);
    apr_pool_t *pool = fuzz_pool();

    form(pool, text);
    cookie(pool, text);
    apr_pool_destroy(pool);
    fuzz_span_free(text);
    return 0;
}
