/* The configuration as it is written: sections and what stands in them, for what only the text
 * shows. Rules of mod_authz_core and others are hidden in their own structures. */
#ifndef BEARER_TREE_H
#define BEARER_TREE_H

#include "bearer/config.h"

/* A section with access rules: Directory, Location, Files, If, Proxy and their kin. */
typedef struct bearer_section bearer_section;
struct bearer_section {
    const ap_directive_t *at;       /* <Location "/api"> itself; what it holds is at->first_child */
    const bearer_section *outer;    /* the section around it, or NULL */
    const ap_directive_t *host;     /* the VirtualHost around it, NULL for the main server */
    const char *path;               /* of Location and Directory without wildcards, else NULL */
    const char *name;               /* <Location "/api"> (file:line), for messages */
};

/* All sections, outer before inner, in the order of the files: an array of bearer_section *. */
apr_array_header_t *bearer_tree_sections(apr_pool_t *pool);

/* The directive has this name (a container's begins with <). */
bool bearer_tree_is(const ap_directive_t *directive, const char *name);

/* The first word of the last directive of that name beside `among`, or NULL. */
const char *bearer_tree_value(apr_pool_t *pool, const ap_directive_t *among, const char *name);

/* A directive of that name stands there, with that word without case; NULL: with whatever words. */
bool bearer_tree_has(apr_pool_t *pool, const ap_directive_t *among, const char *name,
                     const char *word);

/* A value is this word, without case; NULL is none. */
bool bearer_tree_says(const char *value, const char *word);

/* Whether two sections can apply to the same request, as far as their text tells: true where it
 * does not. */
bool bearer_tree_may_meet(const bearer_section *one, const bearer_section *other);

/* Every request of `inner` is certainly one of `outer` too, which is merged before it or, being a
 * Location, may be. */
bool bearer_tree_covers(const bearer_section *outer, const bearer_section *inner);

#endif
