/* Where in a token a claim stands: `realm_access.roles`, or a JSON Pointer (RFC 6901) for names
 * that hold dots, colons or slashes: `/kubernetes.io/namespace`,
 * `/https:~1~1example.com~1roles`. */
#ifndef BEARER_PATH_H
#define BEARER_PATH_H

#include "bearer/json.h"

typedef struct {
    const char *text;               /* as written */
    const char *const *steps;       /* decoded member names, NULL-terminated, at least one */
    bool pointer;                   /* a JSON Pointer: digits step into arrays too */
} bearer_path;

/* Compiles text. NULL and *path on success, else what is wrong with it. The path lives as long as
 * the pool. */
const char *bearer_path_make(apr_pool_t *pool, const char *text, const bearer_path **path);

/* The value there, NULL if any step is missing. */
const bearer_json *bearer_path_find(const bearer_path *path, const bearer_json *object);

#endif
