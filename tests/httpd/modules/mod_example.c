/* Another module beside mod_auth_bearer, as its tests want one: it shows what it may know of a
 * request, and has tokens of its own. Of mod_auth_bearer it sees the public header alone. */
#include <mod_auth_bearer.h>

#include <ap_provider.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

static APR_OPTIONAL_FN_TYPE(auth_bearer_reason) *reason_of;
static APR_OPTIONAL_FN_TYPE(auth_bearer_accepted) *is_accepted;
static APR_OPTIONAL_FN_TYPE(auth_bearer_user) *user_of;
static APR_OPTIONAL_FN_TYPE(auth_bearer_issuer) *issuer_of;
static APR_OPTIONAL_FN_TYPE(auth_bearer_scopes) *scopes_of;
static APR_OPTIONAL_FN_TYPE(auth_bearer_claim) *claim_of;
static APR_OPTIONAL_FN_TYPE(auth_bearer_claim_json) *claim_json_of;

static void retrieve(void)
{
    reason_of = APR_RETRIEVE_OPTIONAL_FN(auth_bearer_reason);
    is_accepted = APR_RETRIEVE_OPTIONAL_FN(auth_bearer_accepted);
    user_of = APR_RETRIEVE_OPTIONAL_FN(auth_bearer_user);
    issuer_of = APR_RETRIEVE_OPTIONAL_FN(auth_bearer_issuer);
    scopes_of = APR_RETRIEVE_OPTIONAL_FN(auth_bearer_scopes);
    claim_of = APR_RETRIEVE_OPTIONAL_FN(auth_bearer_claim);
    claim_json_of = APR_RETRIEVE_OPTIONAL_FN(auth_bearer_claim_json);
}

static const char *shown(const char *text)
{
    return text != NULL ? text : "(NULL)";
}

static const char *listed(request_rec *r, const apr_array_header_t *words)
{
    return words != NULL ? apr_psprintf(r->pool, "[%s]", apr_array_pstrcat(r->pool, words, ','))
                         : "(NULL)";
}

/* All that can be known, one line each; the query is the path of a claim. */
static const char *view(request_rec *r)
{
    return apr_psprintf(r->pool, "reason %s\naccepted %d\nuser %s\nissuer %s\nscopes %s\n"
                        "claim %s\njson %s\n", shown(reason_of(r)), is_accepted(r),
                        shown(user_of(r)), shown(issuer_of(r)), listed(r, scopes_of(r)),
                        shown(claim_of(r, r->args)), shown(claim_json_of(r, r->args)));
}

static int handle(request_rec *r)
{
    if (strcmp(r->handler, "example-view") != 0)
        return DECLINED;
    ap_set_content_type(r, "text/plain");
    ap_rputs(view(r), r);
    return OK;
}

/* Before authentication, whose user it may even seem to know. */
static int look_early(request_rec *r)
{
    if (is_accepted != NULL)
        apr_table_setn(r->err_headers_out, "Example-Early",
                       apr_psprintf(r->pool, "%d %s", is_accepted(r), shown(reason_of(r))));
    return DECLINED;
}

static int look(request_rec *r)
{
    if (is_accepted != NULL && is_accepted(r)) {
        apr_table_setn(r->headers_out, "Example-User", user_of(r));
        apr_table_setn(r->headers_out, "Example-Subject", shown(claim_of(r, "sub")));
    }
    return DECLINED;
}

/* Who is asked, by which name, for which type. */
static void note(request_rec *r, const char *type)
{
    apr_table_addn(r->err_headers_out, "Example-Asked",
                   apr_pstrcat(r->pool, apr_table_get(r->notes, AUTHT_PROVIDER_NAME_NOTE), " ",
                               type, NULL));
}

/* The token that is answered so, and what is left in r->user: whatever stands behind the name, or
 * this text, or nothing. */
static const struct {
    const char *token, *user;
    int status;
} known[] = {
    { "letmein-", "", AUTHT_GRANTED },
    { "deny-", "", AUTHT_DENIED },
    { "invalid-", "", AUTHT_INVALID },
    { "expired-", "", AUTHT_EXPIRED },
    { "broken-", "", AUTHT_GENERAL_ERROR },
    { "odd-", "", 42 },
    { "mismatch-", "", AUTHT_MISMATCH },
    { "nobody", NULL, AUTHT_GRANTED },
    { "control", "a\r\nb", AUTHT_GRANTED },
};

static autht_status check_token(request_rec *r, const char *type, const char *token)
{
    note(r, type);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t len = strlen(known[i].token);

        if (strncmp(token, known[i].token, len) != 0)
            continue;
        if (known[i].user != NULL) {
            r->user = apr_pstrdup(r->pool, *known[i].user != '\0' ? known[i].user : token + len);
            r->ap_auth_type = (char *)"Example";
        }
        return (autht_status)known[i].status;
    }
    return AUTHT_MISMATCH;
}

/* Knows the same tokens by other names. */
static autht_status check_second(request_rec *r, const char *type, const char *token)
{
    autht_status said = check_token(r, type, token);

    if (r->user != NULL)
        r->user = apr_pstrcat(r->pool, "second-", r->user, NULL);
    return said;
}

static const struct {
    const char *name;
    autht_provider provider;
} providers[] = {
    { "example", { check_token } },
    { "second", { check_second } },
    { "hollow", { NULL } },
    { "jwt", { check_token } },         /* must not be asked: that name is taken */
};

static void register_hooks(apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
        ap_register_auth_provider(pool, AUTHT_PROVIDER_GROUP, providers[i].name,
                                  AUTHT_PROVIDER_VERSION, &providers[i].provider,
                                  AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_optional_fn_retrieve(retrieve, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_access(look_early, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_fixups(look, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handle, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(example) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks
};
