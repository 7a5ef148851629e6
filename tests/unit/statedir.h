/* The state directory of a test: "state" below the folder of support.h. */
#ifndef TESTS_UNIT_STATEDIR_H
#define TESTS_UNIT_STATEDIR_H

#include "support.h"
#include "bearer/state.h"

/* Makes and opens it; opens it once more, as another process would. The test fails if it cannot. */
bearer_state *statedir_fresh(void);
bearer_state *statedir_open(void);

/* The path of a file in it, and a file with this text. */
const char *statedir_path(const char *name);
void statedir_put(const char *name, const char *text);

/* What the file holds, "-" for none, "!" for one that is bad, which the error names. */
const char *statedir_text(const bearer_state *state, const char *name, size_t limit,
                          bearer_stamp *stamp);

/* Removes it with what tests make in it: f, f.new, lock and target; the test fails if there is
 * anything else. The folder of support.h has no folders with content when it is removed. */
void statedir_done(void);

#endif
