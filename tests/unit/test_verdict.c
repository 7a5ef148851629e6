#include <limits.h>
#include "support.h"
#include "bearer/verdict.h"

#define REQUEST "invalid_request"
#define TOKEN "invalid_token"

static const struct {
    bearer_reason reason;
    const char *name;
    int status;
    const char *error;
} rows[] = {
    { BEARER_NOT_CONFIGURED, "not_configured", 503, NULL },
    { BEARER_NO_TOKEN, "no_token", 401, NULL },
    { BEARER_REQUEST_MALFORMED, "request_malformed", 400, REQUEST },
    { BEARER_TOKEN_TOO_LARGE, "token_too_large", 400, REQUEST },
    { BEARER_FORM_TOO_LARGE, "form_too_large", 413, NULL },
    { BEARER_TOKEN_MALFORMED, "token_malformed", 401, TOKEN },
    { BEARER_CRIT_REFUSED, "crit_refused", 401, TOKEN },
    { BEARER_ALG_REFUSED, "alg_refused", 401, TOKEN },
    { BEARER_TYPE_WRONG, "type_wrong", 401, TOKEN },
    { BEARER_ISSUER_UNKNOWN, "issuer_unknown", 401, TOKEN },
    { BEARER_KEY_UNKNOWN, "key_unknown", 401, TOKEN },
    { BEARER_KEYS_UNAVAILABLE, "keys_unavailable", 503, NULL },
    { BEARER_SIGNATURE_BAD, "signature_bad", 401, TOKEN },
    { BEARER_CLAIM_MALFORMED, "claim_malformed", 401, TOKEN },
    { BEARER_EXPIRED, "expired", 401, TOKEN },
    { BEARER_NOT_YET_VALID, "not_yet_valid", 401, TOKEN },
    { BEARER_TOO_OLD, "too_old", 401, TOKEN },
    { BEARER_AUDIENCE_WRONG, "audience_wrong", 401, TOKEN },
    { BEARER_BINDING_UNCHECKED, "binding_unchecked", 401, TOKEN },
    { BEARER_USER_MISSING, "user_missing", 401, TOKEN },
    { BEARER_TOKEN_REFUSED, "token_refused", 401, TOKEN },
    { BEARER_PROVIDER_FAILED, "provider_failed", 503, NULL },
    { BEARER_SCOPE_LACKING, "scope_lacking", 403, "insufficient_scope" },
    { BEARER_RULE_DENIED, "rule_denied", 403, NULL },
    { BEARER_ACCEPTED, "accepted", 200, NULL },
};

static void the_table(void **state)
{
    (void)state;
    assert_int_equal(COUNT(rows), BEARER_REASONS);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const bearer_answer *answer = bearer_answer_get(rows[i].reason);

        assert_int_equal(rows[i].reason, i);
        row_expect(strcmp(answer->name, rows[i].name) == 0, "name of %s", rows[i].name);
        row_expect(strcmp(bearer_reason_name(rows[i].reason), rows[i].name) == 0,
                   "name alone of %s",
                   rows[i].name);
        row_expect(answer->status == rows[i].status, "%s: status %d", rows[i].name, answer->status);
        row_expect((answer->error == NULL) == (rows[i].error == NULL), "%s: an error or none",
                   rows[i].name);
        if (answer->error != NULL && rows[i].error != NULL)
            row_expect(strcmp(answer->error, rows[i].error) == 0, "%s: error %s", rows[i].name,
                       answer->error);
        row_expect(answer->error == NULL
                   || (answer->description != NULL && *answer->description != '\0'),
                   "%s: error without description", rows[i].name);
        if (rows[i].reason != BEARER_ACCEPTED)
            row_expect(answer->ordinary == (rows[i].reason == BEARER_NO_TOKEN
                                            || rows[i].reason == BEARER_EXPIRED), "%s: ordinary",
                                            rows[i].name);
    }
    rows_end();
}

/* RFC 6750 section 3: %x20-21 / %x23-5B / %x5D-7E. Clients that search a challenge without
 * parsing it would take scope= and error= inside a description for the attributes. */
static void descriptions(void **state)
{
    (void)state;
    for (size_t i = 0; i < BEARER_REASONS; i++) {
        const char *text = bearer_answer_get((bearer_reason)i)->description;

        if (text == NULL)
            continue;
        for (const char *c = text; *c != '\0'; c++)
            row_expect(*c >= 0x20 && *c <= 0x7e && *c != '"' && *c != '\\', "byte %02x in: %s",
                       (unsigned)*c, text);
        row_expect(strstr(text, "scope=") == NULL && strstr(text, "error=") == NULL,
                   "attribute in: %s", text);
        row_expect(strlen(text) < 200 && *text != ' ' && text[strlen(text) - 1] != ' ',
                   "form of: %s", text);
    }
    rows_end();
}

static void values_outside(void **state)
{
    static const int outside[] = { -1, INT_MIN, INT_MAX, BEARER_REASONS, BEARER_REASONS + 1,
                                   1000000 };
    const bearer_answer *zero = bearer_answer_get(BEARER_NOT_CONFIGURED);

    (void)state;
    for (size_t i = 0; i < COUNT(outside); i++)
        row_expect(bearer_answer_get((bearer_reason)outside[i]) == zero, "value %d", outside[i]);
    assert_string_equal(bearer_reason_name((bearer_reason)4711), "not_configured");
    rows_end();
}

static void zero_refuses(void **state)
{
    bearer_verdict verdict;

    (void)state;
    memset(&verdict, 0, sizeof(verdict));
    assert_int_not_equal(verdict.reason, BEARER_ACCEPTED);
    assert_int_equal(bearer_answer_get(verdict.reason)->status, 503);
    for (size_t i = 0; i < BEARER_REASONS; i++)
        row_expect((bearer_answer_get((bearer_reason)i)->status == 200) == (i == BEARER_ACCEPTED),
                   "reason %zu", i);
    assert_false(bearer_refuse(&verdict, BEARER_EXPIRED, "detail"));
    assert_int_equal(verdict.reason, BEARER_EXPIRED);
    assert_string_equal(verdict.detail, "detail");
    assert_false(bearer_refuse(&verdict, BEARER_TOO_OLD, NULL));
    assert_null(verdict.detail);
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_table), TEST(descriptions), TEST(values_outside), TEST(zero_refuses),
    };

    return tests_run(tests);
}
