#include "bearer/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <apr_strings.h>

struct bearer_state {
    int folder;
    const char *path;
};

static const char *because(apr_pool_t *pool, const char *what)
{
    char why[120];

    return apr_psprintf(pool, "%s: %s", what, apr_strerror(errno, why, sizeof(why)));
}

/* Without slashes behind: with one, a link would be followed. */
static const char *bare_path(apr_pool_t *pool, const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    return apr_pstrndup(pool, path, len);
}

static const char *refuse_folder(apr_pool_t *pool, const struct stat *info, uid_t user)
{
    if (!S_ISDIR(info->st_mode))
        return "is no folder (links are not followed)";
    if (info->st_uid != user)
        return apr_psprintf(pool,
                            "belongs to the user with the number %lu, and wants to belong to the"
                            " one that the server runs as, %lu",
                            (unsigned long)info->st_uid, (unsigned long)user);
    if ((info->st_mode & 077) != 0)
        return apr_psprintf(pool, "is open to others (mode %03o): want mode 700",
                            (unsigned)(info->st_mode & 0777));
    return NULL;
}

/* A new folder is its maker's alone until it is handed over. */
static const char *make_folder(apr_pool_t *pool, const char *path, uid_t user, gid_t group)
{
    const char *error = NULL;
    struct stat info;
    int folder;

    if (mkdir(path, 0700) != 0)
        return because(pool, "cannot be made");
    folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return because(pool, "cannot be opened");
    if (fstat(folder, &info) != 0 || info.st_uid != geteuid())
        error = "was exchanged while it was made";
    else if (info.st_uid != user && fchown(folder, user, group) != 0)
        error = because(pool, "cannot be handed to the user that the server runs as");
    close(folder);
    return error;
}

static const char *refuse_parent(apr_pool_t *pool, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *parent = slash == path ? "/" : apr_pstrndup(pool, path, (size_t)(slash - path));
    struct stat info;

    if (stat(parent, &info) != 0 || !S_ISDIR(info.st_mode))
        return "cannot be made: the folder around it does not exist";
    if (geteuid() == 0
        && (info.st_uid != 0 || ((info.st_mode & 022) != 0 && (info.st_mode & S_ISVTX) == 0)))
        return "cannot be made: the folder around it can be written by others than root";
    return NULL;
}

const char *bearer_state_prepare(apr_pool_t *pool, const char *path, uid_t user, gid_t group,
                                 bool make)
{
    struct stat info;
    const char *error;

    path = bare_path(pool, path);
    if (path[0] != '/' || strcmp(path, "/") == 0)
        return "is no absolute path of a folder";
    if (lstat(path, &info) == 0)
        return refuse_folder(pool, &info, user);
    if (errno != ENOENT)
        return because(pool, "cannot be looked at");
    error = refuse_parent(pool, path);
    return error == NULL && make ? make_folder(pool, path, user, group) : error;
}

static apr_status_t close_folder(void *data)
{
    const bearer_state *state = data;

    close(state->folder);
    return APR_SUCCESS;
}

bearer_state *bearer_state_open(apr_pool_t *pool, const char *path, const char **error)
{
    bearer_state *state = apr_pcalloc(pool, sizeof(*state));
    struct stat info;

    state->path = bare_path(pool, path);
    state->folder = open(state->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (state->folder < 0) {
        *error = because(pool, "cannot be opened");
        return NULL;
    }
    *error = fstat(state->folder, &info) == 0 ? refuse_folder(pool, &info, geteuid())
                                              : because(pool, "cannot be looked at");
    if (*error != NULL) {
        close(state->folder);
        return NULL;
    }
    apr_pool_cleanup_register(pool, state, close_folder, apr_pool_cleanup_null);
    return state;
}

static bearer_stamp stamp_of(const struct stat *info)
{
    return (bearer_stamp){
        .mtime = (apr_time_t)info->st_mtim.tv_sec * APR_USEC_PER_SEC + info->st_mtim.tv_nsec / 1000,
        .ctime = (apr_time_t)info->st_ctim.tv_sec * APR_USEC_PER_SEC + info->st_ctim.tv_nsec / 1000,
        .size = info->st_size,
        .inode = info->st_ino,
    };
}

static const char *read_whole(apr_pool_t *pool, int file, size_t len, bearer_span *text)
{
    char *bytes = apr_palloc(pool, len + 1);
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(file, bytes + done, len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? "became shorter while it was read" : because(pool, "cannot be read");
        done += (size_t)n;
    }
    *text = (bearer_span){ bytes, len };
    return NULL;
}

static const char *read_file(apr_pool_t *pool, int file, size_t limit, bearer_stamp *stamp,
                             bearer_span *text)
{
    struct stat info;

    if (fstat(file, &info) != 0)
        return because(pool, "cannot be looked at");
    *stamp = stamp_of(&info);
    if (!S_ISREG(info.st_mode) || info.st_uid != geteuid())
        return "is no regular file of this user";
    if ((uintmax_t)info.st_size > limit)
        return apr_psprintf(pool, "is larger than %" APR_SIZE_T_FMT " bytes", limit);
    return read_whole(pool, file, (size_t)info.st_size, text);
}

/* As it is, without a look into it; zeros if it is not there. */
static bearer_stamp stamp_at(const bearer_state *state, const char *name)
{
    struct stat info;

    if (fstatat(state->folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0)
        return (bearer_stamp){ 0 };
    return stamp_of(&info);
}

bool bearer_state_changed(const bearer_state *state, const char *name, const bearer_stamp *stamp)
{
    bearer_stamp now = stamp_at(state, name);

    return !bearer_stamp_equal(&now, stamp);
}

static const char *open_and_read(apr_pool_t *pool, const bearer_state *state, const char *name,
                                 size_t limit, bearer_stamp *stamp, bearer_span *text)
{
    int file = openat(state->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const char *error;

    if (file < 0)
        return because(pool, "cannot be opened");
    error = read_file(pool, file, limit, stamp, text);
    close(file);
    return error;
}

bearer_state_result bearer_state_read(apr_pool_t *pool, const bearer_state *state, const char *name,
                                      size_t limit, bearer_stamp *stamp, bearer_span *text,
                                      const char **error)
{
    static const bearer_stamp absent;
    const char *wrong;

    *stamp = stamp_at(state, name);
    if (bearer_stamp_equal(stamp, &absent))
        return BEARER_STATE_ABSENT;
    wrong = open_and_read(pool, state, name, limit, stamp, text);
    if (wrong == NULL)
        return BEARER_STATE_READ;
    if (!bearer_state_changed(state, name, &absent))
        return BEARER_STATE_ABSENT;             /* deleted meanwhile; the next look knows */
    *error = apr_psprintf(pool, "%s/%s %s", state->path, name, wrong);
    return BEARER_STATE_BAD;
}

static bool write_whole(int file, bearer_span text)
{
    while (text.len > 0) {
        ssize_t n = write(file, text.ptr, text.len);

        if (n < 0 && errno != EINTR)
            return false;
        text = bearer_span_after(text, n > 0 ? (size_t)n : 0);
    }
    return fsync(file) == 0;
}

const char *bearer_state_write(apr_pool_t *pool, const bearer_state *state, const char *name,
                               bearer_span text)
{
    const char *fresh = apr_pstrcat(pool, name, ".new", NULL);
    int file;
    bool written;

    unlinkat(state->folder, fresh, 0);          /* of a writer that died */
    file = openat(state->folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file >= 0) {
        written = write_whole(file, text);
        if (close(file) == 0 && written
            && renameat(state->folder, fresh, state->folder, name) == 0)
            return NULL;
    }
    return because(pool, apr_psprintf(pool, "%s/%s cannot be written", state->path, name));
}

/* The descriptor is still that of the name: somebody may have emptied the folder meanwhile. */
static bool is_in_place(const bearer_state *state, const char *name, int file)
{
    struct stat held, named;

    return fstat(file, &held) == 0
        && fstatat(state->folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0
        && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

int bearer_state_lock(const bearer_state *state, const char *name)
{
    int file = openat(state->folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int result = BEARER_STATE_BUSY;

    if (file < 0)
        return BEARER_STATE_FAILED;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
        if (is_in_place(state, name, file))
            return file;
    }
    else if (errno != EWOULDBLOCK && errno != EINTR)
        result = BEARER_STATE_FAILED;
    close(file);
    return result;
}

void bearer_state_unlock(int lock)
{
    flock(lock, LOCK_UN);               /* a process that was forked meanwhile has it open too */
    close(lock);
}
