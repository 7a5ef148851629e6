/* Addresses that keys may be fetched from. */
#ifndef BEARER_ADDRESS_H
#define BEARER_ADDRESS_H

#include <stdbool.h>
#include <apr_pools.h>

/* NULL if keys may be fetched from there: an https URL, or an http URL whose host is a loopback
 * address (127.0.0.0/8, [::1], localhost); without user name and fragment. Else what is wrong with
 * it. */
const char *bearer_address_refuse(apr_pool_t *pool, const char *url);

/* The same for an issuer's name, which has no query either (RFC 8414 section 2). */
const char *bearer_address_refuse_issuer(apr_pool_t *pool, const char *issuer);

/* The same for the key set that an issuer's metadata names: https, or http where the issuer's own
 * address is http. */
const char *bearer_address_refuse_named(apr_pool_t *pool, const char *issuer, const char *url);

/* The same for a proxy: http or https, a host, and no user name or password, which a configuration
 * would show. */
const char *bearer_address_refuse_proxy(apr_pool_t *pool, const char *url);

/* Where the issuer's metadata may be, in the order of asking; NULL beyond the last. RFC 8414
 * section 3.1 puts the well-known part before the issuer's path, OpenID Connect Discovery section
 * 4.1 behind it. The issuer is one that bearer_address_refuse_issuer lets pass. */
const char *bearer_address_metadata(apr_pool_t *pool, const char *issuer, size_t i);

/* The text has such an address in it: it was pasted where an issuer or its keys are wanted. */
bool bearer_address_is_metadata(const char *text);

/* The text begins like a URL of the web, http: or https:, right or wrong. */
bool bearer_address_is_web(const char *text);

#endif
