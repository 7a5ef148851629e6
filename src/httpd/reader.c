#include "bearer/reader.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unixd.h>

static bool can_open(const char *file)
{
    int fd = open(file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool become_run_user(void)
{
    return setgid(ap_unixd_config.group_id) == 0
        && initgroups(ap_unixd_config.user_name, ap_unixd_config.group_id) == 0
        && setuid(ap_unixd_config.user_id) == 0;
}

/* In the child: one byte a file, 1 if it can be opened. Nothing of the parent's is touched. */
static void try_all(const apr_array_header_t *files, int out)
{
    if (!become_run_user())
        _exit(1);                               /* nothing is known */
    for (int i = 0; i < files->nelts; i++) {
        char readable = can_open(APR_ARRAY_IDX(files, i, const char *));

        if (write(out, &readable, 1) != 1)
            break;
    }
    _exit(0);
}

void bearer_reader_check(apr_array_header_t *files)
{
    int ends[2], status;
    pid_t child;
    char readable;

    if (geteuid() != 0 || files->nelts == 0 || pipe(ends) != 0) {
        files->nelts = 0;
        return;
    }
    child = fork();
    if (child == 0)
        try_all(files, ends[1]);
    close(ends[1]);
    for (int i = 0; i < files->nelts; i++)
        if (child < 0 || read(ends[0], &readable, 1) != 1 || readable)
            APR_ARRAY_IDX(files, i, const char *) = NULL;
    close(ends[0]);
    if (child > 0)
        waitpid(child, &status, 0);
}
