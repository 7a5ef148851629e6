/* Requests that are let through although nobody was authenticated: CORS preflights
 * (AuthBearerPreflight), and all that a rollout only watches (AuthBearerEnforce report). */
#ifndef BEARER_MODES_H
#define BEARER_MODES_H

#include "bearer/request.h"

/* Whether the section has such a mode that this request may fall under. */
bool bearer_mode_may_let(request_rec *r, const bearer_conf *conf, bearer_mode mode);

/* What becomes of the outcome of httpd's rules before authentication, where the above is true: OK
 * for a request that is let through, in report mode judged on the side, with one log line; else the
 * status as it was. A refusal of other rules, as by address, stands. */
int bearer_mode_let(request_rec *r, const bearer_conf *conf, bearer_mode mode, int status);

/* AuthBearerOptional: a credential of ours is there, so it is judged although nobody asks. */
bool bearer_mode_wants_authn(request_rec *r);

#endif
