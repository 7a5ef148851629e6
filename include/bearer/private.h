/* Answers to requests whose token came in a way that caches know nothing of: nobody else may get
 * them (RFC 6750 section 2.3, RFC 9111 section 3.5 protects the Authorization field alone). */
#ifndef BEARER_PRIVATE_H
#define BEARER_PRIVATE_H

#include "bearer/request.h"

/* The answer that r is, or is a part of, depends on such a token. */
void bearer_private_answer(request_rec *r);

/* The hooks: before a handler answers, and before httpd answers in its place. */
void bearer_private_insert(request_rec *r);
void bearer_private_insert_error(request_rec *r);

/* Registers the filter that says so in the answer. */
void bearer_private_register(void);

#endif
