/* From a credential to a user. */
#ifndef BEARER_AUTHENTICATE_H
#define BEARER_AUTHENTICATE_H

#include "bearer/locate.h"
#include "bearer/request.h"

/* Judges a token for this location with the providers of its section; what it says is in the
 * findings of the request's state. */
bearer_verdict bearer_authenticate_token(request_rec *r, const bearer_conf *conf,
                                         bearer_span token);

/* The same for what bearer_locate found; no token at all is a verdict too. */
bearer_verdict bearer_authenticate_located(request_rec *r, const bearer_conf *conf,
                                           const bearer_located *found);

/* The hook: OK with r->user set, an HTTP status, or DECLINED where the credential is another
 * module's. */
int bearer_authenticate(request_rec *r, const bearer_conf *conf, bearer_mode mode);

/* A token beside a user name, as Basic sends them: the name must be the token's user, or one of
 * those that clients send where only the password matters. Else *verdict refuses. */
void bearer_basic_agrees(const char *sent, const char *user, bearer_verdict *verdict);

/* Registers the authn provider `bearer`, which takes what looks like a JWT as the password of
 * Basic. */
void bearer_basic_register(apr_pool_t *pool);

#endif
