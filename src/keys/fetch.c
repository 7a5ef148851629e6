#include "bearer/fetch.h"
#include "bearer/lifetime.h"
#include "bearer/version.h"

#include <string.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#define HEADERS_MOST (64 * 1024)
#define FIELD_MOST 1024             /* of a repeated field; what comes after is left out */
#define TOKEN_MOST (64 * 1024)
#define ERROR_SHOWN 300

/* Options that newer versions have: names become strings, and threads that resolve a name are not
 * waited for when a process ends. */
#define HAS_PROTOCOL_NAMES (LIBCURL_VERSION_NUM >= 0x075500)
#define HAS_QUICK_EXIT (LIBCURL_VERSION_NUM >= 0x075700)

struct bearer_fetcher {
    CURLM *multi;
    int running;
};

/* Header fields that matter, as they came last. */
enum { CACHE_CONTROL, EXPIRES, AGE, ETAG, FIELDS };

struct bearer_fetch {
    apr_pool_t *pool;
    bearer_fetcher *fetcher;
    CURL *easy;                     /* NULL once it is over */
    struct curl_slist *headers;
    char *body;
    size_t len, room, limit, header_bytes;
    const char *fields[FIELDS];
    const char *own_error;          /* why we ended it ourselves */
    char error[CURL_ERROR_SIZE];
    bool done;
    bearer_fetched result;
};

static apr_status_t close_multi(void *data)
{
    curl_multi_cleanup(data);
    return APR_SUCCESS;
}

bearer_fetcher *bearer_fetcher_open(apr_pool_t *pool)
{
    bearer_fetcher *fetcher = apr_pcalloc(pool, sizeof(*fetcher));

    /* Never undone: other modules of the process use it too. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    fetcher->multi = curl_multi_init();
    if (fetcher->multi == NULL)
        return NULL;
    apr_pool_cleanup_register(pool, fetcher->multi, close_multi, apr_pool_cleanup_null);
    return fetcher;
}

static void end(bearer_fetch *fetch)
{
    if (fetch->easy == NULL)
        return;
    curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
    curl_easy_cleanup(fetch->easy);
    fetch->easy = NULL;
    fetch->fetcher->running--;
}

static void wipe_headers(bearer_fetch *fetch)
{
    for (struct curl_slist *one = fetch->headers; one != NULL; one = one->next)
        OPENSSL_cleanse(one->data, strlen(one->data));
    curl_slist_free_all(fetch->headers);
    fetch->headers = NULL;
}

static apr_status_t close_fetch(void *data)
{
    end(data);
    wipe_headers(data);
    return APR_SUCCESS;
}

static size_t abort_because(bearer_fetch *fetch, const char *error)
{
    fetch->own_error = error;
    return 0;
}

static bool make_room(bearer_fetch *fetch, size_t wanted)
{
    char *larger;

    if (wanted > fetch->limit)
        return false;
    if (wanted <= fetch->room)
        return true;
    fetch->room = fetch->room < 2048 ? 4096 : 2 * fetch->room;
    if (fetch->room < wanted)
        fetch->room = wanted;
    larger = apr_palloc(fetch->pool, fetch->room);
    if (fetch->len > 0)
        memcpy(larger, fetch->body, fetch->len);
    fetch->body = larger;
    return true;
}

static size_t take_body(char *bytes, size_t one, size_t len, void *data)
{
    bearer_fetch *fetch = data;

    (void)one;
    if (!make_room(fetch, fetch->len + len))
        return abort_because(fetch, apr_psprintf(fetch->pool,
                                                 "the answer is larger than %" APR_SIZE_T_FMT
                                                 " bytes", fetch->limit));
    memcpy(fetch->body + fetch->len, bytes, len);
    fetch->len += len;
    return len;
}

/* A field that came twice is one list (RFC 9110 section 5.3). */
static void take_field(bearer_fetch *fetch, bearer_span line)
{
    static const char *const names[FIELDS] = {
        [CACHE_CONTROL] = "cache-control:", [EXPIRES] = "expires:", [AGE] = "age:",
        [ETAG] = "etag:",
    };

    for (int i = 0; i < FIELDS; i++) {
        bearer_span value = line;

        if (!bearer_span_begins_nocase(line, names[i])
            || (fetch->fields[i] != NULL && strlen(fetch->fields[i]) > FIELD_MOST))
            continue;
        value = bearer_span_after(line, strlen(names[i]));
        while (value.len > 0 && (*value.ptr == ' ' || *value.ptr == '\t'))
            value = bearer_span_after(value, 1);
        while (value.len > 0 && strchr(" \t\r\n", value.ptr[value.len - 1]) != NULL)
            value.len--;
        fetch->fields[i] = apr_pstrcat(fetch->pool,
                                       fetch->fields[i] != NULL ? fetch->fields[i] : "",
                                       fetch->fields[i] != NULL ? ", " : "",
                                       apr_pstrmemdup(fetch->pool, value.ptr, value.len), NULL);
    }
}

static size_t take_header(char *bytes, size_t one, size_t len, void *data)
{
    bearer_fetch *fetch = data;
    bearer_span line = { bytes, len };

    (void)one;
    fetch->header_bytes += len;
    if (fetch->header_bytes > HEADERS_MOST)
        return abort_because(fetch, "the answer's header is larger than 65536 bytes");
    if (bearer_span_begins_nocase(line, "HTTP/"))
        memset(fetch->fields, 0, sizeof(fetch->fields));    /* what came before was 1xx */
    take_field(fetch, line);
    return len;
}

/* Looked at before it is opened: opening a pipe would wait for its writer. */
static apr_status_t read_start(apr_pool_t *pool, const char *name, char *text, apr_size_t *len)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, name, APR_FINFO_TYPE, pool);

    if (status == APR_SUCCESS && info.filetype != APR_REG)
        status = APR_EINVAL;
    if (status == APR_SUCCESS)
        status = apr_file_open(&file, name, APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return status;
    status = apr_file_read_full(file, text, *len, len);
    apr_file_close(file);
    return APR_STATUS_IS_EOF(status) ? APR_SUCCESS : status;
}

/* The token of auth=: the file's one line, without the white space behind it. */
static const char *read_token(apr_pool_t *pool, const char *name, char **token)
{
    char *text = apr_palloc(pool, TOKEN_MOST), why[120];
    apr_size_t len = TOKEN_MOST;
    apr_status_t status = read_start(pool, name, text, &len);
    bearer_span line = { text, len };

    if (status != APR_SUCCESS)
        return apr_psprintf(pool, "the token file %s cannot be read: %s", name,
                            apr_strerror(status, why, sizeof(why)));
    while (line.len > 0 && (unsigned char)line.ptr[line.len - 1] <= ' ')
        line.len--;
    if (line.len > 0 && len < TOKEN_MOST && !bearer_span_has_control(line))
        *token = apr_psprintf(pool, "Authorization: Bearer %.*s", (int)line.len, text);
    OPENSSL_cleanse(text, len);
    return *token != NULL ? NULL : apr_psprintf(pool, "the token file %s holds no token", name);
}

static bool add_header(bearer_fetch *fetch, const char *line)
{
    struct curl_slist *longer = curl_slist_append(fetch->headers, line);

    fetch->headers = longer != NULL ? longer : fetch->headers;
    return longer != NULL;
}

static const char *make_headers(bearer_fetch *fetch, const char *etag, const bearer_access *access)
{
    char *token = NULL;
    const char *error = access->auth != NULL ? read_token(fetch->pool, access->auth, &token) : NULL;
    bool made = add_header(fetch, "Accept: application/json, application/jwk-set+json")
                && (etag == NULL
                    || add_header(fetch, apr_pstrcat(fetch->pool, "If-None-Match: ", etag, NULL)))
                && (token == NULL || add_header(fetch, token));

    if (token != NULL)
        OPENSSL_cleanse(token, strlen(token));
    return error != NULL || made ? error : "memory failed";
}

static bool set_protocols(CURL *easy)
{
#if HAS_PROTOCOL_NAMES
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https") == CURLE_OK;
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTPS | CURLPROTO_HTTP) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, CURLPROTO_HTTPS) == CURLE_OK;
#endif
}

static bool set_tls(CURL *easy, const bearer_access *access)
{
    return curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK
        && (access->ca == NULL
            || (curl_easy_setopt(easy, CURLOPT_CAINFO, access->ca) == CURLE_OK
                && curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK))
        && curl_easy_setopt(easy, CURLOPT_SSLCERT, access->client_cert) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_SSLKEY, access->client_key) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "") == CURLE_OK;   /* nobody to ask for one */
}

/* What the environment and the user's files say must not count here. What goes over plain http is
 * on this machine, and would leave it through a proxy. */
static bool set_way(CURL *easy, const char *url, const bearer_access *access)
{
    bool plain = bearer_span_begins_nocase(bearer_span_of(url), "http:");
    const char *proxy = access->proxy != NULL && !plain ? access->proxy : "";

    return set_protocols(easy) && set_tls(easy, access)
        && curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PROXY, proxy) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK;
}

static bool set_limits(CURL *easy, const bearer_access *access)
{
    long milliseconds = access->timeout * 1000L;

#if HAS_QUICK_EXIT
    if (curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) != CURLE_OK
        || curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L) == CURLE_UNKNOWN_OPTION)
        return false;
#endif
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds) == CURLE_OK;
}

static bool set_output(bearer_fetch *fetch)
{
    CURL *easy = fetch->easy;

    return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_USERAGENT, "mod_auth_bearer/" BEARER_VERSION) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch) == CURLE_OK;
}

static void conclude(bearer_fetch *fetch, const char *error)
{
    end(fetch);
    wipe_headers(fetch);
    fetch->done = true;
    fetch->result.error = error;
}

static const char *begin(bearer_fetch *fetch, const char *url, const char *etag,
                         const bearer_access *access)
{
    const char *error = make_headers(fetch, etag, access);

    if (error != NULL)
        return error;
    fetch->easy = curl_easy_init();
    if (fetch->easy == NULL)
        return "memory failed";
    fetch->fetcher->running++;
    if (!set_way(fetch->easy, url, access) || !set_limits(fetch->easy, access)
        || !set_output(fetch)
        || curl_multi_add_handle(fetch->fetcher->multi, fetch->easy) != CURLM_OK)
        return "libcurl refuses the settings, or memory failed";
    return NULL;
}

bearer_fetch *bearer_fetch_start(apr_pool_t *pool, bearer_fetcher *fetcher, const char *url,
                                 const char *etag, const bearer_access *access, size_t limit)
{
    bearer_fetch *fetch = apr_pcalloc(pool, sizeof(*fetch));
    const char *error;

    fetch->pool = pool;
    fetch->fetcher = fetcher;
    fetch->limit = limit;
    apr_pool_cleanup_register(pool, fetch, close_fetch, apr_pool_cleanup_null);
    error = begin(fetch, url, etag, access);
    if (error != NULL)
        conclude(fetch, error);
    return fetch;
}

/* libcurl's sentence may quote the server's certificate. */
static const char *sentence(bearer_fetch *fetch, CURLcode code)
{
    const char *text = fetch->error[0] != '\0' ? fetch->error : curl_easy_strerror(code);

    if (fetch->own_error != NULL)
        return fetch->own_error;
    return bearer_span_printable(fetch->pool, bearer_span_of(text), ERROR_SHOWN);
}

static void finish(CURLMsg *message)
{
    bearer_fetch *fetch;
    long status = 0;

    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&fetch);
    if (message->data.result != CURLE_OK) {
        conclude(fetch, sentence(fetch, message->data.result));
        return;
    }
    curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
    conclude(fetch, NULL);
    fetch->result.status = (int)status;
    fetch->result.body = (bearer_span){ fetch->body, fetch->len };
    fetch->result.etag = fetch->fields[ETAG];
}

int bearer_fetcher_run(bearer_fetcher *fetcher, int milliseconds)
{
    CURLMsg *message;
    int running, waiting;

    if (fetcher->running == 0)
        return 0;
    if (curl_multi_perform(fetcher->multi, &running) == CURLM_OK && running == fetcher->running
        && curl_multi_poll(fetcher->multi, NULL, 0, milliseconds, NULL) == CURLM_OK)
        curl_multi_perform(fetcher->multi, &running);
    while ((message = curl_multi_info_read(fetcher->multi, &waiting)) != NULL)
        if (message->msg == CURLMSG_DONE)
            finish(message);
    ERR_clear_error();
    return fetcher->running;
}

const bearer_fetched *bearer_fetch_result(bearer_fetch *fetch, int64_t now)
{
    if (!fetch->done)
        return NULL;
    fetch->result.fresh = bearer_lifetime_read(fetch->fields[CACHE_CONTROL], fetch->fields[EXPIRES],
                                               fetch->fields[AGE], now);
    return &fetch->result;
}

const char *bearer_fetch_library(void)
{
    return curl_version_info(CURLVERSION_NOW)->version;
}
