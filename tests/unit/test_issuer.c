#include "sign.h"
#include "support.h"
#include "bearer/issuer.h"

#define NAME "https://issuer.example/"

/* Files are written for each test; rows name them without a folder. */


static char *in_temp(apr_pool_t *pool, const char *file)
{
    return strcmp(file, "unresolved") == 0 ? NULL : apr_pstrcat(pool, temp_path(file), NULL);
}

static void write_files(void)
{
    EVP_PKEY *ec = make_key("P-256"), *rsa = make_key("RSA"), *ed = make_key("ED25519");

    temp_write_text("ec", public_jwk(ec, "\"kid\":\"e\","));
    temp_write_text("rsa", public_jwk(rsa, ""));
    temp_write_text("rs256", public_jwk(rsa, "\"alg\":\"RS256\","));
    temp_write_text("ed", public_jwk(ed, ""));
    temp_write_text("both", apr_pstrcat(test_pool, "{\"keys\":[", public_jwk(ec, ""), ",",
                                        public_jwk(ed, ""), "]}",
                                        NULL));
    temp_write_text("ec.pem", public_pem(ec));
    temp_write_text("private.pem", private_pem(ec));
    temp_write_text("pair", apr_pstrcat(test_pool, certificate_pem(ec), private_pem(ec), NULL));
    temp_write_text("empty", "{\"keys\":[]}");
    temp_write_text("garbage", "<html>");
    temp_write_text("s31", "0123456789abcdef0123456789abcde");
    temp_write_text("s32", "0123456789abcdef0123456789abcdef");
    temp_write_text("s64", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
}

#define MOST_WORDS 8

static bearer_trust *open_words(const char *const *words, const char **error)
{
    *error = NULL;
    return bearer_issuer_open(test_pool, words, in_temp, &test_log, error);
}

/* What is wrong, and words that the sentence must have. */
static const struct { const char *words[MOST_WORDS], *says[4]; } wrong[] = {
    { { NULL }, { "issuer" } },
    { { "" }, { "issuer" } },
    { { "", "keys=jwks:ec" }, { "issuer" } },
    { { "keys=jwks:ec" }, { "keys=jwks:ec", "name" } },
    { { "audience=api", NAME, "keys=jwks:ec" }, { "audience=api" } },
    { { "a\nb", "keys=jwks:ec" }, { "issuer" } },
    /* unknown words */
    { { NAME, "keys=jwks:ec", "foo" }, { "foo", "keys=" } },
    { { NAME, "keys=jwks:ec", "foo=bar" }, { "foo=bar", "audience=" } },
    { { NAME, "key=jwks:ec" }, { "key=jwks:ec", "'keys'" } },
    { { NAME, "keys=jwks:ec", "algorithm=ES256" }, { "algorithm=ES256", "'algorithms'" } },
    { { NAME, "keys=jwks:ec", "audiences=x" }, { "audiences=x", "'audience'" } },
    { { NAME, "keys=jwks:ec", "userprefix=x" }, { "userprefix=x", "'user-prefix'" } },
    { { NAME, "keys=jwks:ec", "KEYS=jwks:ec" }, { "KEYS=jwks:ec" } },
    { { NAME, "keys=jwks:ec", "types" }, { "types" } },
    { { NAME, "keys=jwks:ec", "=x" }, { "=x" } },
    { { NAME, "keys=jwks:ec", "" }, { "option" } },
    { { NAME, "keys=jwks:ec", "users=sub" }, { "users=sub", "'user'" } },
    /* twice */
    { { NAME, "keys=jwks:ec", "audience=a", "audience=b" }, { "audience", "twice" } },
    { { NAME, "keys=jwks:ec", "algorithms=ES256", "algorithms=ES256" }, { "algorithms", "twice" } },
    { { NAME, "keys=jwks:ec", "types=JWT", "types=JWT" }, { "types", "twice" } },
    { { NAME, "keys=jwks:ec", "user=sub", "user=sub" }, { "user", "twice" } },
    /* keys */
    { { "urn:x" }, { "keys=", "jwks:", "no https URL" } },
    { { "urn:x", "audience=api" }, { "keys=", "jwks:" } },
    { { "http://issuer.example" }, { "keys=", "loopback" } },
    { { "https://issuer.example?a=b" }, { "keys=", "query" } },
    { { "https://user@issuer.example" }, { "user name" } },
    { { "urn:x", "keys=discovery" }, { "keys=discovery", "no https URL", "discovered" } },
    { { NAME, "keys=discover" }, { "keys=discover", "discovery" } },
    { { NAME, "keys=discovery:x" }, { "keys=discovery:x", "discovery" } },
    { { NAME, "keys=https://" }, { "keys=https://", "URL" } },
    { { NAME, "keys=https:" }, { "keys=https:", "URL" } },
    { { NAME, "keys=http://keys.example/jwks" }, { "http://keys.example/jwks", "https" } },
    { { NAME, "keys=http://127.0.0.1.example/jwks" }, { "loopback" } },
    { { NAME, "keys=ftp://127.0.0.1/jwks" }, { "ftp://127.0.0.1/jwks", "https" } },
    { { NAME, "keys=https://a:b@keys.example/jwks" }, { "user name" } },
    { { NAME, "keys=https://keys.example/jwks#1" }, { "fragment" } },
    { { NAME, "keys=https://keys.example/a b" }, { "URL" } },
    { { NAME, "keys=https://keys.example/jwks", "algorithms=HS256" }, { "HS256", "secret:" } },
    { { NAME, "keys=discovery", "keys=secret:s32", "algorithms=HS256" }, { "secret:" } },
    /* how it is fetched */
    { { NAME, "keys=jwks:ec", "ca=pair" }, { "ca=", "network" } },
    { { NAME, "keys=jwks:ec", "timeout=5" }, { "timeout=", "network" } },
    { { NAME, "ca=missing" }, { "ca=missing", "No such file" } },
    { { NAME, "ca=" }, { "ca=", "not valid" } },
    { { NAME, "ca=." }, { "ca=.", "regular file" } },
    { { NAME, "auth=missing" }, { "auth=missing", "No such file" } },
    { { NAME, "auth=pair", "auth=pair" }, { "auth", "twice" } },
    { { NAME, "client-cert=pair" }, { "client-cert=", "client-key=" } },
    { { NAME, "client-key=pair" }, { "client-cert=", "client-key=" } },
    { { NAME, "ca=ec.pem" }, { "ca=ec.pem", "CERTIFICATE" } },
    { { "https://a.example/.well-known/openid-configuration" }, { "metadata", "name" } },
    { { NAME, "keys=https://a.example/.well-known/openid-configuration" },
      { "keys=", "metadata", "jwks_uri" } },
    { { NAME, "proxy=proxy.example:3128" }, { "proxy=", "http://" } },
    { { NAME, "proxy=http://u:p@proxy.example:3128" }, { "proxy=", "password" } },
    { { NAME, "refresh=0" }, { "refresh=0", "86400" } },
    { { NAME, "refresh=86401" }, { "refresh=86401", "86400" } },
    { { NAME, "refresh=1h" }, { "refresh=1h", "seconds" } },
    { { NAME, "timeout=61" }, { "timeout=61", "60" } },
    { { NAME, "max-stale=" }, { "max-stale=", "seconds" } },
    { { NAME, "max-stale=-1" }, { "max-stale=-1", "seconds" } },
    { { NAME, "max_stale=5" }, { "max_stale=5", "'max-stale'" } },
    { { NAME, "keys=" }, { "keys=", "jwks:" } },
    { { NAME, "keys=ec" }, { "keys=ec", "jwks:" } },
    { { NAME, "keys=jwks:" }, { "keys=jwks:" } },
    { { NAME, "keys=file:ec" }, { "keys=file:ec", "jwks:" } },
    { { NAME, "keys=JWKS:ec" }, { "keys=JWKS:ec", "jwks:" } },
    { { NAME, "keys=jwks:missing" }, { "missing", "No such file" } },
    { { NAME, "keys=jwks:unresolved" }, { "unresolved" } },
    { { NAME, "keys=jwks:empty" }, { "empty", "no usable key" } },
    { { NAME, "keys=jwks:garbage" }, { "garbage", "JSON" } },
    { { NAME, "keys=jwks:ec.pem" }, { "ec.pem", "JSON" } },
    { { NAME, "keys=pem:ec" }, { "ec", "PEM" } },
    { { NAME, "keys=pem:private.pem" }, { "private.pem", "private key" } },
    { { NAME, "keys=jwks:ec", "keys=jwks:missing" }, { "missing" } },
    /* algorithms */
    { { NAME, "keys=jwks:ec", "algorithms=" }, { "algorithms=" } },
    { { NAME, "keys=jwks:ec", "algorithms=ES256," }, { "algorithms=ES256," } },
    { { NAME, "keys=jwks:ec", "algorithms=none" }, { "none" } },
    { { NAME, "keys=jwks:ec", "algorithms=es256" }, { "es256", "ES256" } },
    { { NAME, "keys=jwks:ec", "algorithms=ES265" }, { "ES265", "'ES256'" } },
    { { NAME, "keys=jwks:ec", "algorithms=ES256,RSA-OAEP" }, { "RSA-OAEP" } },
    { { NAME, "keys=jwks:ec", "algorithms=RS256" }, { "RS256", "no key" } },
    { { NAME, "keys=jwks:ec", "algorithms=ES256,RS256" }, { "RS256", "no key" } },
    { { NAME, "keys=jwks:ec", "algorithms=ES384" }, { "ES384", "no key" } },
    { { NAME, "keys=jwks:rs256", "algorithms=PS256" }, { "PS256", "no key" } },
    { { NAME, "keys=jwks:ec", "algorithms=HS256" }, { "HS256", "secret:" } },
    { { NAME, "keys=jwks:ec", "algorithms=ES256,HS256" }, { "HS256", "secret:" } },
    { { NAME, "keys=secret:s32" }, { "secret:", "algorithms=", "HS256" } },
    { { NAME, "keys=secret:s32", "algorithms=RS256" }, { "RS256", "secret:" } },
    { { NAME, "keys=secret:s32", "algorithms=HS256,ES256" }, { "ES256", "secret:" } },
    { { NAME, "keys=secret:s31", "algorithms=HS256" }, { "s31", "32" } },
    { { NAME, "keys=secret:s32", "algorithms=HS512" }, { "HS512", "64" } },
    { { NAME, "keys=secret:s32", "algorithms=HS256,HS384" }, { "HS384", "48" } },
    { { NAME, "keys=secret:s32", "keys=jwks:ec", "algorithms=HS256" }, { "secret:" } },
    { { NAME, "keys=jwks:ec", "keys=secret:s32", "algorithms=ES256" }, { "secret:" } },
    /* lists and claims */
    { { NAME, "keys=jwks:ec", "types=" }, { "types=", "at+jwt" } },
    { { NAME, "keys=jwks:ec", "types=JWT,,absent" }, { "types=JWT,,absent" } },
    { { NAME, "keys=jwks:ec", "audience=" }, { "audience=", "any" } },
    { { NAME, "keys=jwks:ec", "audience=a,,b" }, { "audience=a,,b" } },
    { { NAME, "keys=jwks:ec", "audience=any,a" }, { "any" } },
    { { NAME, "keys=jwks:ec", "user=" }, { "user=" } },
    { { NAME, "keys=jwks:ec", "user=a..b" }, { "a..b" } },
    { { NAME, "keys=jwks:ec", "user=sub,/a~x" }, { "/a~x" } },
    { { NAME, "keys=jwks:ec", "user-prefix=a\tb" }, { "user-prefix" } },
};

static const char *shown(const char *const *words)
{
    const char *text = "";

    for (; *words != NULL; words++)
        text = apr_pstrcat(test_pool, text, "'", *words, "' ", NULL);
    return text;
}

static void wrong_words(void **state)
{
    (void)state;
    write_files();
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *error;
        bearer_trust *trust = open_words(wrong[i].words, &error);

        if (!row_expect(trust == NULL, "%sis taken", shown(wrong[i].words)))
            continue;
        for (const char *const *word = wrong[i].says; *word != NULL
             && word < wrong[i].says + 4; word++)
            row_expect(error != NULL && strstr(error, *word) != NULL, "%slacks '%s': %s",
                       shown(wrong[i].words),
                       *word, error != NULL ? error : "no reason");
        row_expect(error == NULL || (strlen(error) < 400 && strstr(error,
                                                                   "0123456789abcdef") == NULL),
                   "%sshows too much: %s", shown(wrong[i].words), error);
    }
    rows_end();
}

enum { ABSENT = BEARER_TYPE_ABSENT, JWT = BEARER_TYPE_JWT, AT = BEARER_TYPE_AT,
       ID = BEARER_TYPE_ID };

/* algorithms: those that tokens may use, "" where the keys decide; fits: those of the keys. */
static const struct {
    const char *words[MOST_WORDS], *algorithms, *fits; unsigned kinds; const char *other;
} right[] = {
    { { NAME, "keys=jwks:ec" }, "", "ES256", ABSENT | JWT | AT, NULL },
    { { NAME, "keys=pem:ec.pem" }, "", "ES256", ABSENT | JWT | AT, NULL },
    { { NAME, "keys=jwks:rsa" }, "", "RS256 RS384 RS512 PS256 PS384 PS512", ABSENT | JWT | AT,
      NULL },
    { { NAME, "keys=jwks:rs256" }, "", "RS256", ABSENT | JWT | AT, NULL },
    { { NAME, "keys=jwks:both" }, "", "ES256 EdDSA Ed25519", ABSENT | JWT | AT, NULL },
    { { NAME, "keys=jwks:ec", "keys=jwks:ed" }, "", "ES256 EdDSA Ed25519", ABSENT | JWT | AT,
      NULL },
    { { NAME, "keys=jwks:rsa", "algorithms=PS256,RS512" }, "PS256 RS512",
      "RS256 RS384 RS512 PS256 PS384 PS512",
      ABSENT | JWT | AT, NULL },
    { { NAME, "keys=secret:s32", "algorithms=HS256" }, "HS256", "HS256", ABSENT | JWT | AT, NULL },
    { { NAME, "keys=secret:s64", "algorithms=HS256,HS384,HS512" }, "HS256 HS384 HS512",
      "HS256 HS384 HS512",
      ABSENT | JWT | AT, NULL },
    { { NAME, "keys=jwks:ec", "types=at+jwt" }, "", "ES256", AT, NULL },
    { { NAME, "keys=jwks:ec", "types=JWT,absent" }, "", "ES256", ABSENT | JWT, NULL },
    { { NAME, "keys=jwks:ec", "types=okta-internal-at+jwt" }, "", "ES256", 0,
      "okta-internal-at+jwt" },
    { { NAME, "keys=jwks:ec", "types=JWT,application/x+jwt" }, "", "ES256", JWT, "x+jwt" },
    { { "urn:x", "keys=jwks:ec", "audience=a,b", "user=email,sub", "user-prefix=kc:" }, "", "ES256",
      ABSENT | JWT | AT, NULL },
    { { NAME, "keys=jwks:ec", "keys=discovery", "algorithms=RS256" }, "RS256", "ES256",
      ABSENT | JWT | AT, NULL },
    { { NAME }, "", "", ABSENT | JWT | AT, NULL },
    { { "http://127.0.0.1:8080/a", "refresh=60", "timeout=60", "max-stale=1",
        "proxy=http://[::1]:1", "ca=pair" }, "", "", ABSENT | JWT | AT, NULL },
    { { "http://[::1]", "client-cert=pair", "client-key=pair", "auth=pair" }, "", "",
      ABSENT | JWT | AT, NULL },
    { { "urn:x", "keys=http://localhost:1/jwks?a=b" }, "", "", ABSENT | JWT | AT, NULL },
};

static uint64_t bits_of(const char *names)
{
    bearer_span rest = bearer_span_of(names), word;
    uint64_t bits = 0;

    while (bearer_span_next_word(&rest, ' ', &word))
        bits |= UINT64_C(1) << bearer_alg_index(bearer_alg_find(word));
    return bits;
}

static void right_words(void **state)
{
    (void)state;
    write_files();
    for (size_t i = 0; i < COUNT(right); i++) {
        const char *error;
        bearer_trust *trust = open_words(right[i].words, &error);
        bearer_keyset *keys;

        if (!row_expect(trust != NULL, "%s: %s", shown(right[i].words), error != NULL ? error : ""))
            continue;
        keys = bearer_keystore_hold(trust->keys);
        row_expect(strcmp(trust->rules.name, right[i].words[0]) == 0, "%sname",
                   shown(right[i].words));
        row_expect(trust->rules.algorithms == bits_of(right[i].algorithms), "%salgorithms",
                   shown(right[i].words));
        row_expect((keys != NULL ? bearer_keyset_algorithms(keys) : 0) == bits_of(right[i].fits),
                   "%skeys", shown(right[i].words));
        row_expect((trust->rules.types.kinds & ~(unsigned)ID) == right[i].kinds, "%stypes",
                   shown(right[i].words));
        if (right[i].other != NULL)
            row_expect(trust->rules.types.others != NULL && trust->rules.types.others[0] != NULL
                       && strcmp(trust->rules.types.others[0], right[i].other) == 0, "%sother",
                       shown(right[i].words));
        bearer_keyset_release(keys);
    }
    rows_end();
}

static bearer_trust *open_good(const char *const *words)
{
    const char *error;
    bearer_trust *trust = open_words(words, &error);

    if (trust == NULL)
        fail_msg("%s: %s", words[0], error);
    return trust;
}

static void details(void **state)
{
    bearer_issuer *rules;

    (void)state;
    write_files();
    rules = &open_good((const char *const[]){ NAME, "keys=jwks:ec", "audience=a,b",
                                              "user=email,/x~1y",
                                              "user-prefix=kc:", NULL })->rules;
    assert_string_equal(rules->audiences[0], "a");
    assert_string_equal(rules->audiences[1], "b");
    assert_null(rules->audiences[2]);
    assert_false(rules->any_audience);
    assert_string_equal(rules->users[1]->steps[0], "x/y");
    assert_null(rules->users[2]);
    assert_string_equal(rules->user_prefix, "kc:");
    rules = &open_good((const char *const[]){ NAME, "keys=jwks:ec", "audience=any", NULL })->rules;
    assert_true(rules->any_audience);
    assert_null(rules->audiences);
    assert_string_equal(rules->user_prefix, "");
    assert_null(rules->users);
    rules = &open_good((const char *const[]){ NAME, "keys=jwks:ec", "types=id", NULL })->rules;
    assert_int_not_equal(rules->types.kinds & BEARER_TYPE_ID, 0);
    rules = &open_good((const char *const[]){ NAME, "keys=jwks:ec", NULL })->rules;
    assert_int_equal(rules->types.kinds & BEARER_TYPE_ID, 0);
    assert_false(rules->any_audience);
    assert_null(rules->audiences);
}

/* An algorithm that is a row, but that this OpenSSL does not offer. */
static void algorithms_of_a_later_openssl(void **state)
{
    EVP_SIGNATURE *fetched = EVP_SIGNATURE_fetch(NULL, "ML-DSA-44", NULL);
    const char *error;

    (void)state;
    write_files();
    EVP_SIGNATURE_free(fetched);
    if (fetched != NULL) {
        print_message("skipped: this OpenSSL offers ML-DSA\n");
        skip();
    }
    assert_null(open_words((const char *const[]){ NAME, "keys=jwks:ec", "algorithms=ML-DSA-44",
                                                  NULL }, &error));
    assert_non_null(strstr(error, "ML-DSA-44"));
    assert_non_null(strstr(error, "OpenSSL"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(wrong_words), TEST(right_words), TEST(details), TEST(algorithms_of_a_later_openssl),
    };

    return tests_run(tests);
}
