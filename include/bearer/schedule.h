/* When an issuer is asked for its keys again: one schedule for all processes of the machine, kept
 * in the state directory and changed by who holds its lock. All times are seconds since 1970. */
#ifndef BEARER_SCHEDULE_H
#define BEARER_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>
#include <apr_pools.h>
#include "bearer/span.h"

/* Tokens with an unknown key make the issuer be asked at most once in this time. */
#define BEARER_ASKED_SECONDS 30

/* However short-lived an answer says to be, it is good for this long. */
#define BEARER_PERIOD_LEAST 60

/* The longest pause between attempts that fail. */
#define BEARER_RETRY_MOST 60

/* All zero: never tried. */
typedef struct {
    int64_t begun;                  /* the last attempt */
    int64_t asked;                  /* the last attempt for the sake of an unknown key */
    int64_t due;                    /* the next attempt */
    int64_t confirmed;              /* the issuer last said what its keys are */
    int failures;                   /* of due attempts, in a row */
    const char *error;              /* of the last attempt; NULL if it went well */
} bearer_schedule;

typedef enum { BEARER_RENEW_NOT = 0, BEARER_RENEW_DUE, BEARER_RENEW_ASKED } bearer_renew;

/* What a process knows for itself. */
typedef struct {
    bool keyless;                   /* it has no keys that may be used */
    int64_t asked;                  /* when a token first named an unknown key; 0: none did */
    int refresh;                    /* seconds, the longest pause after success */
} bearer_need;

/* Whether it is time. *next is when to look again, if nothing happens before. A last attempt in the
 * future means that the clock was set back: it is time. */
bearer_renew bearer_schedule_decide(const bearer_schedule *schedule, const bearer_need *need,
                                    int64_t now, int64_t *next);

/* An attempt begins. It is booked as failed until its end is known, so that one which ends with its
 * process counts. */
void bearer_schedule_begin(bearer_schedule *schedule, bearer_renew why, int64_t now);

/* It went well: next after `fresh` seconds (-1: the answer did not say) within BEARER_PERIOD_LEAST
 * and refresh, less up to a tenth by chance, so that machines part. */
void bearer_schedule_succeed(bearer_schedule *schedule, int64_t now, int64_t fresh, int refresh,
                             uint32_t chance);

/* It failed: next after 1, 2, 4 ... BEARER_RETRY_MOST seconds. One that was asked for leaves the
 * time of the next due one as it was. */
void bearer_schedule_fail(bearer_schedule *schedule, bearer_renew why, int64_t now,
                          const char *error);

/* It was given up because the process ends: a due one may be tried again in a second. One that was
 * asked for counts. */
void bearer_schedule_abandon(bearer_schedule *schedule, bearer_renew why, int64_t now);

/* As text, and back. What cannot be read gives the schedule of zeros, and false. */
char *bearer_schedule_write(apr_pool_t *pool, const bearer_schedule *schedule);
bool bearer_schedule_read(apr_pool_t *pool, bearer_span text, bearer_schedule *schedule);

#endif
