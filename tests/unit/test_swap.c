/* Many threads use the keys of a store while one exchanges them: every reader sees one whole set,
 * the old or the new, and no signature is judged wrongly. Run under ThreadSanitizer it proves that
 * no memory is shared without a rule. */
#include <stdatomic.h>
#include <pthread.h>
#include "sign.h"
#include "support.h"
#include "bearer/keystore.h"
#include "bearer/signature.h"

#define NOW INT64_C(1700000000)
#define READERS 4
#define SWAPS 60

/* Two generations of keys under the same names: the sets differ in every key. */
typedef struct {
    bearer_keystore *store;
    bearer_span input, signatures[2];
    const bearer_alg *alg;
    atomic_bool ended;
    atomic_ulong judged, wrong, empty;
} shared_state;

static const char *set_of(EVP_PKEY *first, EVP_PKEY *second)
{
    return apr_pstrcat(test_pool, "{\"keys\":[", public_jwk(first, "\"kid\":\"a\","), ",",
                       public_jwk(second, "\"kid\":\"b\","), "]}", NULL);
}

/* Which of the two signatures hold under the key of that name: of one generation exactly one. */
static int judge(shared_state *shared, const bearer_keyset *set, const char *kid)
{
    bearer_span name = bearer_span_of(kid);
    const bearer_key *found[BEARER_KEYSET_TRIES];
    int which = 0;

    if (bearer_keyset_find(set, shared->alg, &name, found) != 1)
        return 0;
    for (int i = 0; i < 2; i++)
        if (bearer_signature_check(found[0], shared->alg, shared->input, shared->signatures[i])
            == BEARER_SIGNATURE_HOLDS)
            which |= 1 << i;
    return which;
}

static void *read_keys(void *data)
{
    shared_state *shared = data;

    while (!atomic_load(&shared->ended)) {
        bearer_keyset *set = bearer_keystore_hold(shared->store);
        int a = set != NULL ? judge(shared, set, "a") : 0;
        int b = set != NULL ? judge(shared, set, "b") : 0;

        if (set == NULL)
            atomic_fetch_add(&shared->empty, 1);
        else if (a != b || (a != 1 && a != 2))      /* half of a set, or none */
            atomic_fetch_add(&shared->wrong, 1);
        bearer_keyset_release(set);
        bearer_keystore_ask(shared->store, NOW);
        atomic_fetch_add(&shared->judged, 1);
    }
    return NULL;
}

/* The sets are exchanged as fast as they can be read. */
static void swap_keys(shared_state *shared, const char *const *sets)
{
    for (int i = 1; i <= SWAPS; i++) {
        bearer_means with = { .now = NOW, .log = &test_log };
        unsigned long before = atomic_load(&shared->judged);

        temp_write_text("keys", sets[i % 2]);
        bearer_keystore_look(test_pool, shared->store, &with);
        while (atomic_load(&shared->judged) < before + READERS)
            ;                       /* everybody has seen this one */
    }
}

static void sets_are_swapped_whole(void **state)
{
    EVP_PKEY *keys[] = { make_key("ED25519"), make_key("ED25519") };
    const char *sets[] = { set_of(keys[0], keys[0]), set_of(keys[1], keys[1]) }, *error;
    const char *sources[] = { apr_pstrcat(test_pool, "jwks:", temp_write_text("keys", sets[0]),
                                          NULL), "http://127.0.0.1:1/jwks", NULL };
    bearer_origin from = { .sources = sources, .issuer = "urn:x", .terms = bearer_terms_default };
    shared_state shared = { .input = SPAN("what was signed") };
    pthread_t readers[READERS];

    (void)state;
    shared.alg = bearer_alg_find(SPAN("EdDSA"));
    shared.store = bearer_keystore_open(test_pool, &from, &test_log, &error);
    assert_non_null(shared.store);
    for (int i = 0; i < 2; i++)
        shared.signatures[i] = sign_bytes(keys[i], signer_of("EdDSA"), shared.input);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_keys, &shared), 0);
    swap_keys(&shared, sets);
    atomic_store(&shared.ended, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&shared.wrong), 0);
    assert_int_equal(atomic_load(&shared.empty), 0);
    assert_true(atomic_load(&shared.judged) >= READERS * SWAPS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { TEST(sets_are_swapped_whole) };

    return tests_run(tests);
}
