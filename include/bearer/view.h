/* What other modules see of a request: the functions of mod_auth_bearer.h. */
#ifndef BEARER_VIEW_H
#define BEARER_VIEW_H

#include "bearer/request.h"

/* The reason's name: of this request, or of the one that led to it by an internal redirect. NULL
 * where neither was judged. */
const char *bearer_view_reason(request_rec *r);

/* Offers the functions. */
void bearer_view_register(void);

#endif
