#include "support.h"
#include "bearer/issuer.h"
#include "bearer/words.h"

static const char *const known[] = { "keys", "algorithms", "types", "audience", "user",
                                     "user-prefix", NULL };

static void nearest(void **state)
{
    static const struct { const char *text, *near; } rows[] = {
        { "key", "keys" },            { "kyes", "keys" },           { "keys", "keys" },
        { "algoritms", "algorithms" }, { "audiences", "audience" },  { "type", "types" },
        { "userprefix", "user-prefix" }, { "users", "user" },       { "", NULL },
        { "xyzxyzxyzxyz", NULL },     { "q", NULL },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "aaaaaa", NULL },
    };
    static const char *const nothing[] = { NULL };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *word = bearer_nearest(rows[i].text, known);

        row_expect(word == rows[i].near || (word != NULL && rows[i].near != NULL
                                            && strcmp(word, rows[i].near) == 0),
                   "'%s' gives %s", rows[i].text, word != NULL ? word : "none");
    }
    assert_null(bearer_nearest("keys", nothing));
    rows_end();
}

static void lists(void **state)
{
    static const struct { const char *text, *joined; } rows[] = {
        { "a", "a|" }, { "a,b", "a|b|" }, { "a,b,c d", "a|b|c d|" }, { "", NULL }, { ",", NULL },
        { "a,", NULL }, { ",a", NULL }, { "a,,b", NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const *list = bearer_list_split(test_pool, rows[i].text);
        const char *joined = "";

        row_expect((list == NULL) == (rows[i].joined == NULL), "'%s'", rows[i].text);
        for (; list != NULL && *list != NULL; list++)
            joined = apr_pstrcat(test_pool, joined, *list, "|", NULL);
        if (rows[i].joined != NULL)
            row_expect(strcmp(joined, rows[i].joined) == 0, "'%s' gives %s", rows[i].text, joined);
    }
    rows_end();
}

static void log_lines(void **state)
{
    static const bearer_log silent = { NULL, NULL };
    char *big = apr_pcalloc(test_pool, 5001);

    (void)state;
    memset(big, 'x', 5000);
    bearer_log_line(NULL, BEARER_LOG_ERROR, "%s", "x");
    bearer_log_line(&silent, BEARER_LOG_ERROR, "%s", "x");
    assert_int_equal(log_count(), 0);
    bearer_log_line(&test_log, BEARER_LOG_WARNING, "%s %d", "%n%s", 5);
    assert_string_equal(log_text(), "%n%s 5\n");
    log_clear();
    bearer_log_line(&test_log, BEARER_LOG_INFO, "%s", big);
    assert_int_equal(log_count(), 1);
    assert_true(strlen(log_text()) > 900 && strlen(log_text()) <= 1025);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(nearest), TEST(lists), TEST(log_lines) };

    return tests_run(tests);
}
