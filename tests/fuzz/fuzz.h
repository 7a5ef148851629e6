/* What the fuzz targets share. Each feeds its input to one part of the core and traps where a
 * property breaks; the properties are stated a second time there, in the plainest way, and not with
 * the core's own helpers. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "bearer/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The property. */
static inline void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* A pool for one input; the caller destroys it. */
static inline apr_pool_t *fuzz_pool(void)
{
    static apr_pool_t *root;
    apr_pool_t *pool;

    if (root == NULL) {
        must(apr_initialize() == APR_SUCCESS);
        must(apr_pool_create(&root, NULL) == APR_SUCCESS);
    }
    must(apr_pool_create(&pool, root) == APR_SUCCESS);
    return pool;
}

/* The input in memory of exactly its size, so that a sanitizer sees a read beyond it; freed by the
 * caller. */
static inline bearer_span fuzz_span(const uint8_t *data, size_t size)
{
    char *copy = malloc(size > 0 ? size : 1);

    must(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    return (bearer_span){ copy, size };
}

static inline void fuzz_span_free(bearer_span span)
{
    free((void *)(uintptr_t)span.ptr);
}

/* The bytes of inner lie within outer. */
static inline bool lies_within(bearer_span inner, bearer_span outer)
{
    return inner.ptr >= outer.ptr && inner.len <= outer.len
        && (size_t)(inner.ptr - outer.ptr) <= outer.len - inner.len;
}

#endif
