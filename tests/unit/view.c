#include "view.h"
#include "sign.h"
#include "statedir.h"
#include "bearer/schedule.h"

#include <unistd.h>
#include <sys/stat.h>

view view_of(const char *source)
{
    bearer_terms terms = bearer_terms_default;
    view made;

    terms.max_stale = MAX_STALE;
    mkdir(temp_path("state"), 0700);                        /* the first one makes it */
    made.state = statedir_open();
    made.remote = bearer_remote_make(test_pool, source, true, &terms);
    return made;
}

bearer_keyset *view_look(const view *at, int64_t now)
{
    bearer_means with = { .state = at->state, .now = now, .log = &test_log };
    bearer_keyset *set;
    apr_pool_t *pool;

    assert_int_equal(apr_pool_create(&pool, test_pool), APR_SUCCESS);
    set = bearer_remote_look(pool, at->remote, &with);
    apr_pool_destroy(pool);                                 /* the set does not need it */
    return set;
}

const char *view_kid(const view *at, int64_t now)
{
    bearer_keyset *set = view_look(at, now);
    const char *kid = "-";

    if (set == NULL)
        return kid;
    assert_int_equal(bearer_keyset_count(set), 1);
    kid = apr_pstrdup(test_pool, bearer_keyset_at(set, 0)->kid);
    bearer_keyset_release(set);
    return kid;
}

const char *view_set(const char *kid)
{
    return apr_psprintf(test_pool, "{\"keys\":[%s]}",
                        public_jwk(make_key("ED25519"),
                                   apr_psprintf(test_pool, "\"kid\":\"%s\",", kid)));
}

void view_keep(const view *at, const char *source, const char *set, int64_t confirmed)
{
    bearer_saved saved = { .source = source, .uri = "https://issuer.example/keys",
                           .confirmed = confirmed };
    const char *text;

    assert_true(bearer_saved_digest(bearer_span_of(set), saved.digest));
    text = bearer_saved_write(test_pool, &saved, bearer_span_of(set));
    assert_non_null(text);
    assert_null(bearer_state_write(test_pool, at->state, at->remote->keys_file,
                                   bearer_span_of(text)));
}

void view_confirm(const view *at, int64_t confirmed)
{
    bearer_schedule schedule = { .begun = confirmed, .due = confirmed + 10,
                                 .confirmed = confirmed };

    assert_null(bearer_state_write(test_pool, at->state, at->remote->times_file,
                                   bearer_span_of(bearer_schedule_write(test_pool, &schedule))));
}

const char *view_path(const view *at)
{
    return statedir_path(at->remote->keys_file);
}

void view_done(const view *at)
{
    unlink(view_path(at));
    unlink(statedir_path(at->remote->times_file));
    assert_int_equal(rmdir(temp_path("state")), 0);
}
