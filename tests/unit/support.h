/* Shared by the unit tests: a pool for each test, rows that name themselves when they fail,
 * files in a folder of their own, and a log that remembers. */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include "bearer/json.h"
#include "bearer/json_text.h"
#include "bearer/log.h"
#include "bearer/span.h"

/* Lives as long as one test. */
extern apr_pool_t *test_pool;

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A literal with all its bytes, NULs too: as a value, and in a static table. */
#define SPAN(literal) ((bearer_span){ (literal), sizeof(literal) - 1 })
#define SPAN_ROW(literal) { (literal), sizeof(literal) - 1 }

/* One test with a pool of its own; tests_run(tests) runs a table of them and is what main
 * returns. */
#define TEST(function) cmocka_unit_test_setup_teardown(function, test_setup, test_teardown)
#define tests_run(tests) cmocka_run_group_tests((tests), tests_begin, tests_end)

int test_setup(void **state);
int test_teardown(void **state);
int tests_begin(void **state);
int tests_end(void **state);

/* Counts and prints a row that failed, and goes on, so that one run shows every wrong row.
 * Returns ok. A test that has such rows ends with rows_end(), which fails it. */
bool row_expect(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
void rows_end(void);

/* The bytes in a block of exactly their size, so that a memory checker sees a read beyond the
 * end. */
bearer_span tight(bearer_span bytes);
bearer_span tight_text(const char *text);

/* Parsed; the test fails if the text is not what bearer_json_read takes. */
const bearer_json *json_of(const char *text);

/* A member of an object as JSON text. As an edit: NULL takes the member away. */
typedef struct {
    const char *name, *value;
} test_member;

/* The object of these members after the edits, which replace, add and remove. Ends of lists:
 * name NULL. */
const char *object_text(const test_member *members, const test_member *edits,
                        const test_member *more);

/* Both lists have a member of one name. */
bool members_meet(const test_member *a, const test_member *b);

/* What base64url text decodes to; the test fails if it is none. */
bearer_span decoded(bearer_span text);

/* base64url of bytes. */
const char *encoded(bearer_span bytes);

/* A path below a folder that is made for this test and removed after it. */
const char *temp_path(const char *name);

/* Writes a file there, replacing what was; returns its path. */
const char *temp_write(const char *name, bearer_span bytes);
const char *temp_write_text(const char *name, const char *text);

/* Collects log lines; test_log.context is the collector. Cleared for each test. */
extern const bearer_log test_log;
int log_count(void);
const char *log_text(void);         /* all lines, each with a newline */
void log_clear(void);

#endif
