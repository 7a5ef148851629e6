/* Pages of ErrorDocument that programs make. */
#ifndef BEARER_ERRORPAGE_H
#define BEARER_ERRORPAGE_H

#include "bearer/request.h"

/* httpd joins fields of one name when it reads what a program answers, also those that were there
 * before: the challenges of a refusal are parted again. */
void bearer_errorpage_insert(request_rec *r);

void bearer_errorpage_register(void);

#endif
