/* A place that trusts two issuers, and tokens for it: good ones and changed ones. */
#ifndef TESTS_UNIT_TOKENS_H
#define TESTS_UNIT_TOKENS_H

#include "sign.h"
#include "support.h"
#include "bearer/token.h"

#define NOW INT64_C(1700000000)

/* How a token differs from a good one. */
typedef struct {
    const char *name;
    int order;                      /* the place of the broken rule in the list of rules */
    bearer_reason reason;
    test_member header[3], payload[3];
    const char *header_tail, *payload_tail;     /* behind the JSON */
    const char *token_tail;         /* behind the token */
    bool other_key;                 /* signed by a stranger */
    bool flipped;                   /* one bit of the signature */
} token_change;

/* The second issuer, https://issuer.example, signs with `key`; the first, https://other.example,
 * with `stranger`; both call their key main. Made anew by place_make for each test. */
typedef struct {
    EVP_PKEY *key, *stranger;
    bearer_trust *trusts[3];
    bearer_policy policy;
    bearer_cache *cache;
} test_place;

extern test_place place;

void place_make(void);

/* The payload of a good token with these edits; NULL for none. */
const char *token_payload(const test_member *edits);

/* The token of one or two changes; more may be NULL. */
const char *token_build(const token_change *one, const token_change *more);

/* The same with another signature of the same length. */
const char *token_flip(const char *token);

/* Judges it with the policy of the place: without the cache, and then twice with it. The test fails
 * where the verdicts differ. */
bearer_verdict token_judge(const char *token, bearer_findings *found);

#endif
