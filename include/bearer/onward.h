/* What goes on to backends and programs: claims as request fields, and what stands in
 * Authorization instead of the client's token. */
#ifndef BEARER_ONWARD_H
#define BEARER_ONWARD_H

#include "bearer/request.h"

/* Why a section cannot hand on what it says, or NULL. described: an AuthBearerMint stands where the
 * section, if it has none, would have its tokens from. */
const char *bearer_onward_refuse(const bearer_conf *section, bool described);

/* Why a section, with what its servers say, takes tokens from a field that is the server's alone:
 * they would be removed before anybody looks for them. Or NULL. */
const char *bearer_onward_refuse_field(const bearer_conf *merged);

/* The hook after the configuration of a request is known: what a client sent under the names of
 * AuthBearerHeader goes, and so does what was sent on for another location. */
int bearer_onward_clean(request_rec *r);

/* Fixups: cleans again, for a configuration that came later (MultiViews), and adds the fields of
 * AuthBearerHeader. OK, or the status of a refusal. */
int bearer_onward_send(request_rec *r);

/* A subrequest became this request (DirectoryIndex): its fields go on, with this one's body. */
void bearer_onward_take(request_rec *r, const request_rec *index);

/* Before the handlers: makes what a proxied backend gets in Authorization, if that is to be
 * anything of ours. DECLINED, or the status of a refusal. */
int bearer_onward_prepare(request_rec *r);

/* Tokens will be made; and the hook that makes room for them in a process. */
void bearer_onward_expect(void);
void bearer_onward_child(apr_pool_t *pool, server_rec *server);

#endif
