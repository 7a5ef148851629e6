/* The state directory: what outlives a process. Small files and locks in one folder that belongs to
 * the run user alone. Links in it are never followed. Nothing of httpd's, so that tests use it. */
#ifndef BEARER_STATE_H
#define BEARER_STATE_H

#include <sys/types.h>
#include "bearer/source.h"

typedef struct bearer_state bearer_state;

/* Before anybody opens it: the path is a folder of this user with no rights for others, or is made
 * one if make is set. A folder that exists is never given away nor opened up. Looks at the folder
 * itself, never into it. NULL, or what is wrong. Without make, a path that does not exist is good
 * if its parent folder exists. */
const char *bearer_state_prepare(apr_pool_t *pool, const char *path, uid_t user, gid_t group,
                                 bool make);

/* For a process that runs as its owner. NULL and *error if it is no such folder. The path is kept
 * for messages. */
bearer_state *bearer_state_open(apr_pool_t *pool, const char *path, const char **error);

typedef enum { BEARER_STATE_BAD = 0, BEARER_STATE_ABSENT, BEARER_STATE_READ } bearer_state_result;

/* Reads a file of at most `limit` bytes. *stamp is what it was like before the first byte was read,
 * all zero if it is not there. BEARER_STATE_BAD and *error for anything but a regular file of this
 * user and of that size. */
bearer_state_result bearer_state_read(apr_pool_t *pool, const bearer_state *state, const char *name,
                                      size_t limit, bearer_stamp *stamp, bearer_span *text,
                                      const char **error);

/* The file's stamp differs; one that is not there has the stamp of zeros. */
bool bearer_state_changed(const bearer_state *state, const char *name, const bearer_stamp *stamp);

/* Replaces the file in one step, so that a reader sees the old or the new one, whole, whenever a
 * process or the machine dies. Only one writer of a name at a time: who holds its lock. NULL, or
 * what is wrong. */
const char *bearer_state_write(apr_pool_t *pool, const bearer_state *state, const char *name,
                               bearer_span text);

/* A lock among all processes of the machine, and among several holders in one; ends with its
 * process, however that ends. A descriptor for bearer_state_unlock; BEARER_STATE_BUSY if somebody
 * else has it, BEARER_STATE_FAILED and errno if it cannot be had. Never waits. */
#define BEARER_STATE_BUSY (-1)
#define BEARER_STATE_FAILED (-2)
int bearer_state_lock(const bearer_state *state, const char *name);
void bearer_state_unlock(int lock);

#endif
