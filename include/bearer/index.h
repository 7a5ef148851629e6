/* mod_dir looks for an index or fallback resource in subrequests, and answers with the status of
 * one that was refused. What else belongs to such an answer it would lose: it is kept here. */
#ifndef BEARER_INDEX_H
#define BEARER_INDEX_H

#include "bearer/request.h"

/* Fixups right before mod_dir's, and after: it found something. */
void bearer_index_begin(request_rec *r);
void bearer_index_end(request_rec *r);

/* Keeps the fields of a refused subrequest for the request that mod_dir is at work for. */
void bearer_index_keep(request_rec *r, const request_rec *refused);

/* Adds them to the answer, or to that of the error page that follows, if it lacks them. */
void bearer_index_settle(request_rec *r);

#endif
