#include "bearer/inquiry.h"
#include "bearer/address.h"
#include "bearer/fetched.h"
#include "bearer/jwk.h"
#include "bearer/metadata.h"

#include <string.h>
#include <apr_strings.h>

struct bearer_inquiry {
    apr_pool_t *pool;
    bearer_saved saved;             /* what is kept, for its etag; source NULL if nothing is */
    size_t place;                   /* which of the metadata's addresses is asked */
    const char *uri;                /* of the set, once known */
    const char *asking;             /* the address under way */
    const char *etag;               /* sent along; NULL: none */
    const char *complaints;         /* of the addresses asked so far */
    bearer_fetch *fetch;            /* NULL once there is nobody left to ask */
};

static bearer_outcome failed(const char *words)
{
    return (bearer_outcome){ .end = BEARER_INQUIRY_FAILED, .words = words };
}

static bearer_outcome done(const bearer_fetched *answer, const char *words)
{
    return (bearer_outcome){ .end = BEARER_INQUIRY_DONE, .words = words, .fresh = answer->fresh };
}

static void ask(bearer_inquiry *inquiry, const bearer_remote *remote, const bearer_means *with,
                const char *url, size_t limit)
{
    inquiry->asking = url;
    inquiry->fetch = bearer_fetch_start(inquiry->pool, with->fetcher, url, inquiry->etag,
                                        &remote->terms.access, limit);
}

/* The set that is kept is the one in use, and came from there. */
static bool is_kept(const bearer_inquiry *inquiry, const bearer_remote *remote)
{
    return inquiry->saved.source != NULL && strcmp(inquiry->saved.uri, inquiry->uri) == 0
        && strcmp(inquiry->saved.digest, remote->digest) == 0;
}

static void ask_for_keys(bearer_inquiry *inquiry, const bearer_remote *remote,
                         const bearer_means *with)
{
    if (is_kept(inquiry, remote))
        inquiry->etag = inquiry->saved.etag;
    ask(inquiry, remote, with, inquiry->uri, BEARER_JWK_MAX_BYTES);
}

static void ask_for_metadata(bearer_inquiry *inquiry, const bearer_remote *remote,
                             const bearer_means *with)
{
    const char *url = bearer_address_metadata(inquiry->pool, remote->source, inquiry->place);

    inquiry->fetch = NULL;
    if (url != NULL)
        ask(inquiry, remote, with, url, BEARER_METADATA_MAX_BYTES);
}

static void read_kept(bearer_inquiry *inquiry, const bearer_remote *remote,
                      const bearer_means *with)
{
    bearer_stamp stamp;
    bearer_span text;
    const char *error;

    if (bearer_state_read(inquiry->pool, with->state, remote->keys_file,
                          BEARER_JWK_MAX_BYTES + BEARER_SAVED_FRAME, &stamp, &text, &error)
            != BEARER_STATE_READ
        || bearer_saved_read(inquiry->pool, text, remote->source, &inquiry->saved) != NULL)
        inquiry->saved.source = NULL;
}

bearer_inquiry *bearer_inquiry_start(apr_pool_t *pool, bearer_remote *remote,
                                     const bearer_means *with)
{
    bearer_inquiry *inquiry = apr_pcalloc(pool, sizeof(*inquiry));

    inquiry->pool = pool;
    if (with->state != NULL)
        read_kept(inquiry, remote, with);
    if (remote->discovered) {
        ask_for_metadata(inquiry, remote, with);
        return inquiry;
    }
    inquiry->uri = remote->source;
    ask_for_keys(inquiry, remote, with);
    return inquiry;
}

/* One line an answer; finding: what is in it, if it was read. */
static void tell(const bearer_inquiry *inquiry, const bearer_means *with,
                 const bearer_fetched *answer, const char *finding)
{
    bearer_log_line(with->log, BEARER_LOG_DEBUG, "%s: %s%s%s", inquiry->asking,
                    bearer_fetched_words(inquiry->pool, answer), finding != NULL ? "; it " : "",
                    finding != NULL ? finding : "");
}

static const char *longer(const bearer_inquiry *inquiry, const char *error)
{
    const char *before = inquiry->complaints;

    return apr_pstrcat(inquiry->pool, before != NULL ? before : "", before != NULL ? ", " : "",
                       inquiry->asking, ": ", error, NULL);
}

static bearer_outcome read_metadata(bearer_inquiry *inquiry, const bearer_remote *remote,
                                    const bearer_means *with, const bearer_fetched *answer)
{
    const char *refused = bearer_fetched_refuse(inquiry->pool, answer), *error = refused;

    if (refused == NULL)
        inquiry->uri = bearer_metadata_jwks_uri(inquiry->pool, answer->body, remote->source,
                                                &error);
    if (inquiry->uri != NULL) {
        tell(inquiry, with, answer, apr_pstrcat(inquiry->pool, "names ", inquiry->uri, NULL));
        ask_for_keys(inquiry, remote, with);
        return (bearer_outcome){ .end = BEARER_INQUIRY_UNDER_WAY };
    }
    tell(inquiry, with, answer, refused == NULL ? error : NULL);
    inquiry->complaints = longer(inquiry, error);
    inquiry->place++;
    ask_for_metadata(inquiry, remote, with);
    return inquiry->fetch != NULL ? (bearer_outcome){ .end = BEARER_INQUIRY_UNDER_WAY }
                                  : failed(inquiry->complaints);
}

/* For the other processes, and for the time when the source does not answer. What a reader would
 * refuse is not kept. */
static const char *keep(const bearer_inquiry *inquiry, const bearer_remote *remote,
                        const bearer_means *with, const bearer_fetched *answer, const char *digest)
{
    bearer_saved saved = {
        .source = remote->source, .uri = inquiry->uri, .etag = answer->etag, .confirmed = with->now
    };
    char *text;

    if (with->state == NULL)
        return NULL;
    memcpy(saved.digest, digest, sizeof(saved.digest));
    text = bearer_saved_write(inquiry->pool, &saved, answer->body);
    if (text == NULL
        || bearer_saved_read(inquiry->pool, bearer_span_of(text), remote->source, &saved) != NULL)
        return "cannot be kept: it nests too deep, its address is too long, or memory failed";
    return bearer_state_write(inquiry->pool, with->state, remote->keys_file, bearer_span_of(text));
}

/* NULL and *set, or why the document is no set to be used. */
static const char *take_document(const bearer_inquiry *inquiry, bearer_remote *remote,
                                 const bearer_means *with, const bearer_fetched *answer,
                                 bearer_keyset **set)
{
    char digest[BEARER_SAVED_DIGEST + 1];
    bearer_named_log named = { with->log, inquiry->asking };
    bearer_first_log first = { &(bearer_log){ bearer_log_named, &named }, "" };
    const bearer_key *const *keys;
    const char *error;

    keys = bearer_jwk_read(inquiry->pool, answer->body, &(bearer_log){ bearer_log_first, &first },
                           &error);
    if (keys == NULL)
        return error;
    if (*keys == NULL)
        return bearer_source_no_key(inquiry->pool, &first);
    *set = bearer_saved_digest(answer->body, digest) ? bearer_keyset_of(keys) : NULL;
    if (*set == NULL)
        return "cannot be used: memory failed";
    error = keep(inquiry, remote, with, answer, digest);
    if (error == NULL)
        memcpy(remote->digest, digest, sizeof(remote->digest));
    return error;
}

static bool is_the_same(const bearer_inquiry *inquiry, const bearer_remote *remote,
                        const bearer_fetched *answer)
{
    char digest[BEARER_SAVED_DIGEST + 1];

    return is_kept(inquiry, remote) && bearer_saved_digest(answer->body, digest)
        && strcmp(digest, remote->digest) == 0;
}

static bearer_outcome read_set(const bearer_inquiry *inquiry, bearer_remote *remote,
                               const bearer_means *with, const bearer_fetched *answer)
{
    const char *error = bearer_fetched_refuse(inquiry->pool, answer);
    bearer_keyset *set = NULL;

    tell(inquiry, with, answer, NULL);
    if (answer->status == 304 && inquiry->etag != NULL)
        return done(answer, "the keys are as they were (304)");
    if (error == NULL && is_the_same(inquiry, remote, answer))
        return done(answer, "the keys are as they were");
    if (error == NULL)
        error = take_document(inquiry, remote, with, answer, &set);
    if (error != NULL) {
        bearer_keyset_release(set);
        return failed(apr_psprintf(inquiry->pool, "%s: %s", inquiry->asking, error));
    }
    bearer_keyset_release(remote->arrived);
    remote->arrived = set;
    return done(answer, apr_psprintf(inquiry->pool, "%" APR_SIZE_T_FMT " keys fetched from %s",
                                     bearer_keyset_count(set), inquiry->asking));
}

bearer_outcome bearer_inquiry_step(bearer_inquiry *inquiry, bearer_remote *remote,
                                   const bearer_means *with)
{
    const bearer_fetched *answer = bearer_fetch_result(inquiry->fetch, with->now);

    if (answer == NULL)
        return (bearer_outcome){ .end = BEARER_INQUIRY_UNDER_WAY };
    return inquiry->uri != NULL ? read_set(inquiry, remote, with, answer)
                                : read_metadata(inquiry, remote, with, answer);
}
