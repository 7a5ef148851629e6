#include "support.h"
#include "bearer/lifetime.h"

#define NOW INT64_C(1700000000)                             /* Tue, 14 Nov 2023 22:13:20 GMT */
#define A_DAY 86400

/* Values so large that only their being long is promised. */
#define LONG (-2)

static const struct { const char *cache, *expires, *age; int64_t seconds; } rows[] = {
    { NULL, NULL, NULL, -1 },
    { "", NULL, NULL, -1 },
    { "public", NULL, NULL, -1 },
    { ",", NULL, NULL, -1 },
    { NULL, NULL, "5", -1 },
    { "max-age=60", NULL, NULL, 60 },
    { "max-age=0", NULL, NULL, 0 },
    { "max-age=00060", NULL, NULL, 60 },
    { "max-age=3600", NULL, NULL, 3600 },
    { "max-age=\"60\"", NULL, NULL, 60 },
    { "MAX-AGE=60", NULL, NULL, 60 },
    { "Max-Age=60", NULL, NULL, 60 },
    { "  max-age=60  ", NULL, NULL, 60 },
    { "\tmax-age=60\t", NULL, NULL, 60 },
    { "public, max-age=60", NULL, NULL, 60 },
    { "public,max-age=60,must-revalidate", NULL, NULL, 60 },
    { ",, ,max-age=60,,", NULL, NULL, 60 },
    { "max-age=60, max-age=600", NULL, NULL, 60 },
    { "s-maxage=600, max-age=60", NULL, NULL, 60 },
    { "xmax-age=600", NULL, NULL, -1 },
    { "max-age", NULL, NULL, -1 },
    { "max-stale=600", NULL, NULL, -1 },
    /* fresh is over at once */
    { "no-store", NULL, NULL, 0 },
    { "no-cache", NULL, NULL, 0 },
    { "No-Store", NULL, NULL, 0 },
    { "NO-CACHE", NULL, NULL, 0 },
    { "no-cache, max-age=60", NULL, NULL, 0 },
    { "max-age=60, no-store", NULL, NULL, 0 },
    { "max-age=60,no-cache", "Tue, 14 Nov 2023 22:14:20 GMT", NULL, 0 },
    { "no-cachet, max-age=60", NULL, NULL, 60 },
    /* no number is 0 */
    { "max-age=", NULL, NULL, 0 },
    { "max-age=-60", NULL, NULL, 0 },
    { "max-age=+60", NULL, NULL, 0 },
    { "max-age=1.5", NULL, NULL, 0 },
    { "max-age=1e3", NULL, NULL, 0 },
    { "max-age=0x10", NULL, NULL, 0 },
    { "max-age=60s", NULL, NULL, 0 },
    { "max-age=6 0", NULL, NULL, 0 },
    { "max-age=x", NULL, NULL, 0 },
    { "max-age=\xff", NULL, NULL, 0 },
    { "max-age=\"\"", NULL, NULL, 0 },
    { "max-age=x", "Tue, 14 Nov 2023 22:14:20 GMT", NULL, 0 },
    /* large ones */
    { "max-age=31536000", NULL, NULL, 31536000 },
    { "max-age=4294967297", NULL, NULL, LONG },
    { "max-age=9223372036854775807", NULL, NULL, LONG },
    { "max-age=9223372036854775808", NULL, NULL, LONG },
    { "max-age=99999999999999999999999999999999999999999", NULL, NULL, LONG },
    /* Age */
    { "max-age=60", NULL, "0", 60 },
    { "max-age=60", NULL, "20", 40 },
    { "max-age=60", NULL, " 20 ", 40 },
    { "max-age=60", NULL, "60", 0 },
    { "max-age=60", NULL, "61", 0 },
    { "max-age=60", NULL, "99999999999999999999999999", 0 },
    { "max-age=60", NULL, "", 60 },
    { "max-age=60", NULL, "-20", 60 },
    { "max-age=60", NULL, "x", 60 },
    { "max-age=0", NULL, "20", 0 },
    { "no-store", NULL, "20", 0 },
    /* Expires */
    { NULL, "Tue, 14 Nov 2023 22:14:20 GMT", NULL, 60 },
    { "public", "Tue, 14 Nov 2023 22:14:20 GMT", NULL, 60 },
    { NULL, "Tuesday, 14-Nov-23 22:14:20 GMT", NULL, 60 },
    { NULL, "Tue Nov 14 22:14:20 2023", NULL, 60 },
    { NULL, "Tue, 14 Nov 2023 22:13:20 GMT", NULL, 0 },
    { NULL, "Tue, 14 Nov 2023 22:13:19 GMT", NULL, 0 },
    { NULL, "Thu, 01 Jan 1970 00:00:00 GMT", NULL, 0 },
    { NULL, "Mon, 01 Jan 1900 00:00:00 GMT", NULL, 0 },
    { NULL, "Fri, 31 Dec 9999 23:59:59 GMT", NULL, LONG },
    { NULL, "0", NULL, 0 },
    { NULL, "-1", NULL, 0 },
    { NULL, "", NULL, 0 },
    { NULL, "soon", NULL, 0 },
    { NULL, "Tue, 14 Nov 2023 99:14:20 GMT", NULL, 0 },
    { NULL, "\xff\xfe", NULL, 0 },
    /* both: max-age goes before */
    { "max-age=60", "Tue, 14 Nov 2023 23:13:20 GMT", NULL, 60 },
    { "max-age=3600", "Tue, 14 Nov 2023 22:14:20 GMT", NULL, 3600 },
    { "max-age=3600", "0", NULL, 3600 },
    { "max-age=60", "Tue, 14 Nov 2023 23:13:20 GMT", "61", 0 },
    { "max-age=0", "Tue, 14 Nov 2023 23:13:20 GMT", NULL, 0 },
};

static const char *shown(const char *text)
{
    return text != NULL ? text : "-";
}

static void lifetimes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t seconds = bearer_lifetime_read(rows[i].cache, rows[i].expires, rows[i].age, NOW);
        bool right = rows[i].seconds == LONG ? seconds >= A_DAY : seconds == rows[i].seconds;

        row_expect(right, "%s | %s | %s: %" APR_INT64_T_FMT, shown(rows[i].cache),
                   shown(rows[i].expires), shown(rows[i].age), seconds);
    }
    rows_end();
}

/* Sums with it must not overflow. */
static void never_beyond_a_lifetime(void **state)
{
    int64_t seconds = bearer_lifetime_read("max-age=9223372036854775807", NULL, NULL, NOW);

    (void)state;
    assert_true(seconds <= INT64_C(100) * 366 * A_DAY);
    assert_int_equal(bearer_lifetime_read(NULL, "Tue, 14 Nov 2023 22:14:20 GMT", NULL,
                                          INT64_C(253402300799)), 0);
    assert_true(bearer_lifetime_read(NULL, "Fri, 31 Dec 9999 23:59:59 GMT", NULL, 0)
                <= INT64_C(100) * 366 * A_DAY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(lifetimes), TEST(never_beyond_a_lifetime) };

    return tests_run(tests);
}
