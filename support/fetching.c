#include "fetching.h"

#include <time.h>

#define PATIENCE 1000               /* milliseconds of one wait; it ends when an answer is there */

bool tool_terms(const tool *at, bearer_terms *terms)
{
    const char *error = NULL;

    *terms = bearer_terms_default;
    for (size_t i = 0; bearer_terms_name(i) != NULL && error == NULL; i++) {
        const char *value = tool_get(at, bearer_terms_name(i));

        if (value != NULL)
            error = bearer_terms_read(at->pool, terms, i, value, tool_resolve);
    }
    if (error == NULL)
        error = bearer_terms_refuse(terms);
    if (error != NULL)
        tool_complain(at, "%s", error);
    return error == NULL;
}

const char *tool_network_word(const tool *at)
{
    for (size_t i = 0; bearer_terms_name(i) != NULL; i++)
        if (tool_get(at, bearer_terms_name(i)) != NULL)
            return bearer_terms_name(i);
    return NULL;
}

/* The time stands still: what failed is not due again while another source is waited for. */
bool tool_fetch(const tool *at, bearer_keystore *store, const bearer_log *log)
{
    bearer_means with = { .now = (int64_t)time(NULL), .log = log };

    if (!bearer_keystore_is_remote(store))
        return true;
    with.fetcher = bearer_fetcher_open(at->pool);
    if (with.fetcher == NULL) {
        tool_complain(at, "libcurl cannot be set up");
        return false;
    }
    do {
        bearer_keystore_renew(store, &with);
        bearer_fetcher_run(with.fetcher, PATIENCE);
    } while (bearer_keystore_renewals(store) > 0);
    bearer_keystore_look(at->pool, store, &with);
    return true;
}
