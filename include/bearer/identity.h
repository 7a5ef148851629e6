/* Who was let in, for what comes after: environment, subrequests and redirects, backends. */
#ifndef BEARER_IDENTITY_H
#define BEARER_IDENTITY_H

#include "bearer/request.h"

/* A claim as text: a string as it is, anything else as JSON. NULL for NULL, and for strings with
 * control characters. */
const char *bearer_identity_text(apr_pool_t *pool, const bearer_json *value);

/* Sets the variables of AuthBearerEnv, in place of those that were set before. */
void bearer_identity_export(request_rec *r, const bearer_conf *conf, bearer_request *request);

/* Fixups, early and late: carries an identity over where httpd did not authenticate again. */
void bearer_identity_carry(request_rec *r);
void bearer_identity_carry_index(request_rec *r);

/* The URL that mod_proxy is about to fetch, NULL if the request is not for it. */
const char *bearer_identity_proxied(const request_rec *r);

/* Before rules are asked: what the client sent in the field of credentials, which may have to be
 * kept from a backend whoever looks at it. */
void bearer_identity_arrive(request_rec *r, const bearer_conf *conf, bearer_mode mode);

/* Keeps the token from a backend: before mod_proxy's handler for those schemes that would send the
 * request's own fields, and by its optional hook for the others. What was made for the backend
 * stands in its place then. */
void bearer_identity_leave(request_rec *r);
void bearer_identity_register(void);

#endif
