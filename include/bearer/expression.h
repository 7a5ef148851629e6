/* Claims in expressions: the function bearer('path'), as string and as list, and the variable
 * BEARER_REASON. */
#ifndef BEARER_EXPRESSION_H
#define BEARER_EXPRESSION_H

#include "bearer/request.h"

/* The hook of ap_expr. */
int bearer_expression_lookup(ap_expr_lookup_parms *parms);

/* Some expression of this configuration asks for claims. Reset when a configuration is read
 * anew. */
bool bearer_expression_used(void);
void bearer_expression_reset(void);

#endif
