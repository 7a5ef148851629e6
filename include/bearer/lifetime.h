/* How long an answer of HTTP says that it stays fresh. */
#ifndef BEARER_LIFETIME_H
#define BEARER_LIFETIME_H

#include <stdint.h>

/* Seconds from now, 0 or more; -1 if the answer does not say. The arguments are the values of
 * Cache-Control, Expires and Age, NULL for a field that did not come (RFC 9111 section 4.2.1):
 * max-age goes before Expires, no-store and no-cache mean 0, and so does a value that is none. Age
 * is taken off max-age. */
int64_t bearer_lifetime_read(const char *cache_control, const char *expires, const char *age,
                             int64_t now);

#endif
