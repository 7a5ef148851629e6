#include "support.h"
#include "bearer/schedule.h"

#define NOW INT64_C(1700000000)

static const bearer_need calm = { .refresh = 3600 };

static bearer_renew decide(const bearer_schedule *schedule, bearer_need need, int64_t now)
{
    int64_t next;

    return bearer_schedule_decide(schedule, &need, now, &next);
}

/* One attempt at this time, over at once. */
static void fail_at(bearer_schedule *schedule, bearer_renew why, int64_t now)
{
    bearer_schedule_begin(schedule, why, now);
    bearer_schedule_fail(schedule, why, now, "refused");
}

static void succeed_at(bearer_schedule *schedule, bearer_renew why, int64_t now)
{
    bearer_schedule_begin(schedule, why, now);
    bearer_schedule_succeed(schedule, now, -1, calm.refresh, 0);
}

static void a_table_of_decisions(void **state)
{
    static const bearer_schedule never = { 0 };
    static const bearer_schedule good = { NOW, 0, NOW + 3600, NOW, 0, NULL };
    static const bearer_schedule bad = { NOW, 0, NOW + 8, NOW - 100, 4, "refused" };
    static const bearer_schedule called = { NOW, NOW, NOW + 3600, NOW, 0, NULL };
    static const struct {
        const bearer_schedule *schedule;
        bearer_need need;
        int64_t after, next;                                /* next: 0 for not looked at */
        bearer_renew result;
        const char *why;
    } rows[] = {
        { &never, { true, 0, 3600 }, 0, 0, BEARER_RENEW_DUE, "never tried" },
        { &never, { false, 0, 3600 }, 0, 0, BEARER_RENEW_DUE, "never tried, with keys" },
        { &never, { true, NOW, 3600 }, 0, 0, BEARER_RENEW_DUE, "never tried and asked" },
        { &good, { false, 0, 3600 }, 0, NOW + 3600, BEARER_RENEW_NOT, "just now" },
        { &good, { false, 0, 3600 }, 3599, NOW + 3600, BEARER_RENEW_NOT, "a second early" },
        { &good, { false, 0, 3600 }, 3600, 0, BEARER_RENEW_DUE, "due" },
        { &good, { false, 0, 3600 }, 100000, 0, BEARER_RENEW_DUE, "long due" },
        { &good, { false, 0, 60 }, 59, NOW + 60, BEARER_RENEW_NOT, "refresh is shorter by now" },
        { &good, { false, 0, 60 }, 60, 0, BEARER_RENEW_DUE, "due by the shorter refresh" },
        { &good, { false, 0, 86400 }, 3599, NOW + 3600, BEARER_RENEW_NOT, "refresh is longer" },
        { &good, { false, 0, 86400 }, 3600, 0, BEARER_RENEW_DUE, "a longer refresh delays none" },
        { &good, { true, 0, 3600 }, 0, NOW + 1, BEARER_RENEW_NOT, "keyless at once" },
        { &good, { true, 0, 3600 }, 1, 0, BEARER_RENEW_DUE, "keyless after a second" },
        { &bad, { true, 0, 3600 }, 7, NOW + 8, BEARER_RENEW_NOT, "keyless keeps to the ladder" },
        { &bad, { true, 0, 3600 }, 8, 0, BEARER_RENEW_DUE, "the ladder is up" },
        { &bad, { false, 0, 2 }, 7, NOW + 8, BEARER_RENEW_NOT, "refresh is for success" },
        { &good, { false, NOW + 5, 3600 }, 5, 0, BEARER_RENEW_ASKED, "asked" },
        { &good, { false, NOW, 3600 }, 5, 0, BEARER_RENEW_ASKED, "asked in the same second" },
        { &good, { false, NOW - 1, 3600 }, 5, NOW + 3600, BEARER_RENEW_NOT, "asked and served" },
        { &good, { false, NOW + 5, 3600 }, 3600, 0, BEARER_RENEW_DUE, "asked and due" },
        { &called, { false, NOW + 5, 3600 }, 5, NOW + 30, BEARER_RENEW_NOT, "asked again" },
        { &called, { false, NOW + 5, 3600 }, 29, NOW + 30, BEARER_RENEW_NOT, "and again" },
        { &called, { false, NOW + 5, 3600 }, 30, 0, BEARER_RENEW_ASKED, "after 30 s" },
        { &called, { false, NOW + 5, 20 }, 5, NOW + 20, BEARER_RENEW_NOT, "due before allowed" },
        { &bad, { false, NOW + 5, 3600 }, 5, 0, BEARER_RENEW_ASKED, "asked within the ladder" },
        /* the clock was set back */
        { &good, { false, 0, 3600 }, -1, 0, BEARER_RENEW_DUE, "begun in the future" },
        { &bad, { false, 0, 3600 }, -100000, 0, BEARER_RENEW_DUE, "failed in the future" },
        { &called, { false, NOW - 5, 3600 }, -5, 0, BEARER_RENEW_DUE, "asked in the future" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t next = 0, now = NOW + rows[i].after;
        bearer_renew result = bearer_schedule_decide(rows[i].schedule, &rows[i].need, now, &next);

        row_expect(result == rows[i].result, "%s: %d", rows[i].why, (int)result);
        row_expect(rows[i].next == 0 || next == rows[i].next, "%s: next after %" APR_INT64_T_FMT,
                   rows[i].why, next - NOW);
    }
    rows_end();
}

static void the_ladder(void **state)
{
    static const int pauses[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
    bearer_schedule schedule = { 0 };
    int64_t now = NOW;

    (void)state;
    for (size_t i = 0; i < COUNT(pauses); i++) {
        row_expect(decide(&schedule, calm, now) == BEARER_RENEW_DUE, "attempt %zu", i);
        bearer_schedule_begin(&schedule, BEARER_RENEW_DUE, now);
        now += 5;                                           /* it takes its time */
        bearer_schedule_fail(&schedule, BEARER_RENEW_DUE, now, "refused");
        row_expect(schedule.due == now + pauses[i], "pause %zu: %" APR_INT64_T_FMT, i,
                   schedule.due - now);
        row_expect(decide(&schedule, calm, schedule.due - 1) == BEARER_RENEW_NOT, "early %zu", i);
        assert_string_equal(schedule.error, "refused");
        now = schedule.due;
    }
    for (int i = 0; i < 1000; i++, now = schedule.due)
        fail_at(&schedule, BEARER_RENEW_DUE, now);
    assert_true(schedule.due == now && decide(&schedule, calm, now) == BEARER_RENEW_DUE);
    fail_at(&schedule, BEARER_RENEW_DUE, now);
    assert_int_equal(schedule.due - now, BEARER_RETRY_MOST);
    succeed_at(&schedule, BEARER_RENEW_DUE, now);
    assert_null(schedule.error);
    assert_int_equal(schedule.confirmed, now);
    fail_at(&schedule, BEARER_RENEW_DUE, now + 3600);
    assert_int_equal(schedule.due - now - 3600, 1);         /* from the beginning again */
    rows_end();
}

/* An attempt that ends with its process: nobody says that it failed. */
static void a_killed_attempt_counts(void **state)
{
    static const int pauses[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
    bearer_schedule schedule = { 0 };
    int64_t now = NOW;

    (void)state;
    for (size_t i = 0; i < COUNT(pauses); i++) {
        bearer_schedule_begin(&schedule, BEARER_RENEW_DUE, now);
        assert_int_equal(schedule.begun, now);
        assert_int_equal(schedule.due - now, pauses[i]);
        now = schedule.due;
    }
    bearer_schedule_begin(&schedule, BEARER_RENEW_ASKED, now - 1);
    assert_int_equal(schedule.asked, now - 1);
    assert_int_equal(schedule.due, now);
}

static void asking_leaves_the_ladder(void **state)
{
    static const bearer_need need = { .asked = NOW + 100, .refresh = 3600 };
    bearer_schedule schedule = { 0 };
    int64_t due;

    (void)state;
    fail_at(&schedule, BEARER_RENEW_DUE, NOW);
    fail_at(&schedule, BEARER_RENEW_DUE, NOW + 1);
    due = schedule.due;
    fail_at(&schedule, BEARER_RENEW_ASKED, NOW + 2);
    assert_int_equal(schedule.due, due);
    assert_int_equal(schedule.failures, 2);
    assert_string_equal(schedule.error, "refused");
    succeed_at(&schedule, BEARER_RENEW_DUE, NOW + 3);
    due = schedule.due;
    fail_at(&schedule, BEARER_RENEW_ASKED, NOW + 101);
    assert_int_equal(schedule.due, due);
    assert_int_equal(schedule.confirmed, NOW + 3);
    assert_int_equal(decide(&schedule, need, NOW + 101 + 29), BEARER_RENEW_NOT);
    assert_int_equal(decide(&schedule, (bearer_need){ .asked = NOW + 120, .refresh = 3600 },
                            NOW + 101 + 29), BEARER_RENEW_NOT);
    assert_int_equal(decide(&schedule, (bearer_need){ .asked = NOW + 120, .refresh = 3600 },
                            NOW + 101 + 30), BEARER_RENEW_ASKED);
    succeed_at(&schedule, BEARER_RENEW_ASKED, NOW + 131);
    assert_int_equal(schedule.due, NOW + 131 + 3600);
    assert_null(schedule.error);
}

static void abandoned(void **state)
{
    bearer_schedule schedule = { 0 };

    (void)state;
    fail_at(&schedule, BEARER_RENEW_DUE, NOW);
    bearer_schedule_begin(&schedule, BEARER_RENEW_DUE, NOW + 1);
    bearer_schedule_abandon(&schedule, BEARER_RENEW_DUE, NOW + 3);
    assert_int_equal(schedule.failures, 1);
    assert_int_equal(decide(&schedule, calm, NOW + 4), BEARER_RENEW_DUE);
    fail_at(&schedule, BEARER_RENEW_DUE, NOW + 4);
    assert_int_equal(schedule.due, NOW + 4 + 2);
    succeed_at(&schedule, BEARER_RENEW_DUE, NOW + 6);
    bearer_schedule_begin(&schedule, BEARER_RENEW_ASKED, NOW + 10);
    bearer_schedule_abandon(&schedule, BEARER_RENEW_ASKED, NOW + 11);
    assert_int_equal(schedule.due, NOW + 6 + 3600);
    assert_int_equal(schedule.failures, 0);
}

/* After the clock was set back, what was booked in the future must not keep anybody from asking. */
static void a_clock_set_back(void **state)
{
    bearer_schedule schedule = { 0 };
    int64_t now = NOW - 100000;
    bearer_need need = { .asked = now + 2, .refresh = 3600 };

    (void)state;
    succeed_at(&schedule, BEARER_RENEW_DUE, NOW);
    fail_at(&schedule, BEARER_RENEW_ASKED, NOW + 5);
    assert_int_equal(decide(&schedule, calm, now), BEARER_RENEW_DUE);
    bearer_schedule_begin(&schedule, BEARER_RENEW_DUE, now);
    bearer_schedule_succeed(&schedule, now, -1, 3600, 0);
    assert_int_equal(decide(&schedule, calm, now + 3599), BEARER_RENEW_NOT);
    assert_int_equal(decide(&schedule, calm, now + 3600), BEARER_RENEW_DUE);
    assert_int_equal(decide(&schedule, need, now + 2), BEARER_RENEW_ASKED);
}

static void periods(void **state)
{
    static const struct { int64_t fresh; int refresh; int64_t period; } rows[] = {
        { -1, 3600, 3600 }, { 0, 3600, 60 }, { 1, 3600, 60 }, { 59, 3600, 60 }, { 60, 3600, 60 },
        { 61, 3600, 61 }, { 3599, 3600, 3599 }, { 3600, 3600, 3600 }, { 3601, 3600, 3600 },
        { 31536000, 3600, 3600 }, { INT64_MAX, 3600, 3600 }, { INT64_MAX, 86400, 86400 },
        { -1, 1, 1 }, { 0, 1, 1 }, { 60, 1, 1 }, { 3600, 1, 1 }, { -1, 59, 59 }, { 0, 59, 59 },
        { 30, 59, 59 }, { -1, 60, 60 }, { -1, 86400, 86400 },
    };
    static const uint32_t chances[] = { 0, 1, 5, 6, 7, 99, 12345, 0x7fffffff, 0x80000000,
                                        0xffffffff };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t k = 0; k < COUNT(chances); k++) {
            bearer_schedule schedule = { 0 };
            int64_t pause;

            bearer_schedule_begin(&schedule, BEARER_RENEW_DUE, NOW - 2);
            bearer_schedule_succeed(&schedule, NOW, rows[i].fresh, rows[i].refresh, chances[k]);
            pause = schedule.due - NOW;
            row_expect(pause <= rows[i].period && pause >= rows[i].period - rows[i].period / 10
                       && pause >= 1, "row %zu by chance %u: %" APR_INT64_T_FMT, i,
                       (unsigned)chances[k], pause);
            row_expect(chances[k] != 0 || pause == rows[i].period, "row %zu: %" APR_INT64_T_FMT,
                       i, pause);
        }
    }
    rows_end();
}

/* Machines part: not all chances give one time. */
static void chance_parts_machines(void **state)
{
    int64_t first = INT64_MAX, last = 0;

    (void)state;
    for (uint32_t chance = 0; chance < 100000; chance += 7) {
        bearer_schedule schedule = { 0 };

        bearer_schedule_succeed(&schedule, NOW, -1, 3600, chance);
        first = schedule.due < first ? schedule.due : first;
        last = schedule.due > last ? schedule.due : last;
    }
    assert_int_equal(last, NOW + 3600);
    assert_int_equal(first, NOW + 3600 - 360);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_table_of_decisions), TEST(the_ladder), TEST(a_killed_attempt_counts),
        TEST(asking_leaves_the_ladder), TEST(abandoned), TEST(a_clock_set_back), TEST(periods),
        TEST(chance_parts_machines),
    };

    return tests_run(tests);
}
