#include "bearer/fetched.h"

#include <apr_strings.h>

const char *bearer_fetched_refuse(apr_pool_t *pool, const bearer_fetched *answer)
{
    if (answer->status == 0)
        return answer->error;
    if (answer->status / 100 == 3)
        return apr_psprintf(pool, "status %d, and redirections are not followed", answer->status);
    return answer->status / 100 == 2 ? NULL : apr_psprintf(pool, "status %d", answer->status);
}

const char *bearer_fetched_words(apr_pool_t *pool, const bearer_fetched *answer)
{
    const char *size = apr_psprintf(pool, "%" APR_SIZE_T_FMT " bytes", answer->body.len);
    const char *error = bearer_fetched_refuse(pool, answer);

    if (answer->status == 0)
        return error;
    if (error != NULL)
        return apr_pstrcat(pool, error, ", ", size, NULL);
    if (answer->fresh < 0)
        return apr_psprintf(pool, "status %d, %s, how long it is fresh is not said",
                            answer->status, size);
    return apr_psprintf(pool, "status %d, %s, fresh for %" APR_INT64_T_FMT " s", answer->status,
                        size, answer->fresh);
}
