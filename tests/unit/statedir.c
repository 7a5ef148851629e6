#include "statedir.h"

#include <unistd.h>
#include <sys/stat.h>

bearer_state *statedir_open(void)
{
    const char *error = NULL;
    bearer_state *state = bearer_state_open(test_pool, temp_path("state"), &error);

    if (state == NULL)
        fail_msg("%s", error);
    return state;
}

bearer_state *statedir_fresh(void)
{
    assert_int_equal(mkdir(temp_path("state"), 0700), 0);
    return statedir_open();
}

const char *statedir_path(const char *name)
{
    return temp_path(apr_pstrcat(test_pool, "state/", name, NULL));
}

void statedir_put(const char *name, const char *text)
{
    temp_write_text(apr_pstrcat(test_pool, "state/", name, NULL), text);
}

const char *statedir_text(const bearer_state *state, const char *name, size_t limit,
                          bearer_stamp *stamp)
{
    bearer_span text = { NULL, 0 };
    const char *error = NULL;

    switch (bearer_state_read(test_pool, state, name, limit, stamp, &text, &error)) {
    case BEARER_STATE_READ:
        return apr_pstrmemdup(test_pool, text.ptr, text.len);
    case BEARER_STATE_ABSENT:
        return "-";
    default:
        assert_non_null(error);
        assert_non_null(strstr(error, name));
        return "!";
    }
}

void statedir_done(void)
{
    static const char *const names[] = { "f", "f.new", "lock", "target" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (unlink(statedir_path(names[i])) != 0)
            rmdir(statedir_path(names[i]));
    assert_int_equal(rmdir(temp_path("state")), 0);
}
