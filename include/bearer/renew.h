/* Asking a source for its keys: when it is time, once for the whole machine, step by step and
 * without waiting. */
#ifndef BEARER_RENEW_H
#define BEARER_RENEW_H

#include "bearer/remote.h"

/* Begins a renewal if it is time and no other process is at it, or takes the one under way a step
 * on. With a state directory nothing is fetched that is not booked there first. Only a 2xx answer
 * with at least one usable key replaces what is kept; a 304 confirms it. New keys are in
 * remote->arrived in the end, and in the state directory for the other processes. To be called
 * again and again, between runs of the fetcher. */
void bearer_renew_step(bearer_remote *remote, const bearer_means *with);

/* Gives up what is under way, since the process ends. */
void bearer_renew_abandon(bearer_remote *remote, const bearer_means *with);

#endif
