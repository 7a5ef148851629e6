/* One process's view of a source of keys on the network, and of the one state directory. */
#ifndef TESTS_UNIT_VIEW_H
#define TESTS_UNIT_VIEW_H

#include "support.h"
#include "bearer/remote.h"

#define NOW INT64_C(1700000000)
#define SOURCE "https://issuer.example/a"
#define MAX_STALE 1000                  /* seconds, of every view */

typedef struct {
    bearer_remote *remote;
    bearer_state *state;
} view;

/* The first one makes the directory. */
view view_of(const char *source);

/* What a look finds: a new set, held for the caller, or NULL. */
bearer_keyset *view_look(const view *at, int64_t now);

/* The kid of the one key that came; "-" if nothing new did. */
const char *view_kid(const view *at, int64_t now);

/* A set of one new key of that kid. */
const char *view_set(const char *kid);

/* What another process keeps of the source, and when that was confirmed for the last time. */
void view_keep(const view *at, const char *source, const char *set, int64_t confirmed);
void view_confirm(const view *at, int64_t confirmed);

/* The path of the keys that are kept. */
const char *view_path(const view *at);

/* Removes the directory; the test fails if there is more in it than keys and schedule. */
void view_done(const view *at);

#endif
