#include <unistd.h>
#include "statedir.h"
#include "view.h"
#include "bearer/renew.h"
#include "bearer/schedule.h"

/* One step towards a renewal; nobody listens there, and nothing waits for it. */
static void step(const view *at, bearer_fetcher *fetcher, int64_t now)
{
    bearer_means with = { at->state, fetcher, now, &test_log };

    bearer_renew_step(at->remote, &with);
}

static bearer_schedule schedule_at(const view *at)
{
    bearer_schedule schedule = { 0 };
    bearer_stamp stamp;
    bearer_span text;
    const char *error;

    if (bearer_state_read(test_pool, at->state, at->remote->times_file, 4096, &stamp, &text, &error)
        == BEARER_STATE_READ)
        bearer_schedule_read(test_pool, text, &schedule);
    return schedule;
}

static void give_up(const view *at, bearer_fetcher *fetcher, int64_t now)
{
    bearer_means with = { at->state, fetcher, now, &test_log };

    bearer_renew_abandon(at->remote, &with);
    unlink(statedir_path(at->remote->lock_file));
}

/* The next attempt was to be in the future of a clock that went wrong. */
static void a_clock_set_back(void **state)
{
    view one = view_of("http://127.0.0.1:1");
    bearer_fetcher *fetcher = bearer_fetcher_open(test_pool);

    (void)state;
    view_confirm(&one, NOW);
    step(&one, fetcher, NOW);
    assert_null(one.remote->renewal);
    assert_int_equal(one.remote->next, NOW + 1);            /* without keys */
    one.remote->next = NOW + 3600;
    step(&one, fetcher, NOW + 2);
    assert_null(one.remote->renewal);
    step(&one, fetcher, NOW - 7200);
    assert_non_null(one.remote->renewal);
    give_up(&one, fetcher, NOW - 7200);
    view_done(&one);
}

/* The last confirmation is in the schedule alone; who deletes that must not make keys old. */
static void a_schedule_that_is_deleted(void **state)
{
    view one = view_of("http://127.0.0.1:1");
    bearer_fetcher *fetcher = bearer_fetcher_open(test_pool);

    (void)state;
    view_keep(&one, "http://127.0.0.1:1", view_set("a"), NOW - MAX_STALE);
    view_confirm(&one, NOW);
    assert_string_equal(view_kid(&one, NOW), "a");
    assert_int_equal(one.remote->confirmed, NOW);
    step(&one, fetcher, NOW);
    assert_true(one.remote->next > NOW);
    unlink(statedir_path(one.remote->times_file));
    assert_string_equal(view_kid(&one, NOW + 1), "-");
    step(&one, fetcher, NOW + 1);                           /* it is asked at once */
    assert_non_null(one.remote->renewal);
    assert_int_equal(schedule_at(&one).confirmed, NOW);
    give_up(&one, fetcher, NOW + 1);
    view_done(&one);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_clock_set_back), TEST(a_schedule_that_is_deleted),
    };

    return tests_run(tests);
}
