/* Where the names of users come from in a section, read from the text of the configuration. */
#ifndef BEARER_SOURCES_H
#define BEARER_SOURCES_H

#include "bearer/tree.h"

/* Two sources may give the same name: issuers with the same prefix or none, passwords of another
 * module, token providers of other modules. False where the section's text, and that of what is
 * around it, does not tell. */
bool bearer_sources_meet(apr_pool_t *pool, const bearer_section *section);

#endif
