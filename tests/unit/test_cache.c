/* What is kept of tokens, for how long, and what it is worth at a location. */
#include <pthread.h>
#include "tokens.h"

#define EXP (NOW + 300)

/* A digest that no other number gives. */
static const unsigned char *digest_of(unsigned n)
{
    static unsigned char digest[BEARER_CACHE_DIGEST];
    uint32_t mixed = n * UINT32_C(2654435761);

    memset(digest, 0, sizeof(digest));
    memcpy(digest, &mixed, sizeof(mixed));
    mixed ^= mixed >> 15;
    memcpy(digest + 4, &mixed, sizeof(mixed));
    memcpy(digest + 8, &n, sizeof(n));
    return digest;
}

/* Facts of a payload, as if a trust of the place had proved them. */
static bearer_facts facts_of(const bearer_trust *trust, const char *payload)
{
    bearer_facts facts = { .trust = trust, .key = "the key that proved it: 32 bytes" };
    bearer_verdict refused;

    facts.header = (bearer_header){ .alg = bearer_alg_find(SPAN("ES256")), .has_kid = true,
                                    .kid = SPAN("main") };
    assert_true(bearer_claims_read(json_of(payload), &facts.claims, &refused));
    return facts;
}

static const bearer_facts *find(unsigned n, int64_t now)
{
    return bearer_cache_find(place.cache, test_pool, digest_of(n), place.trusts, now);
}

static void keep(unsigned n, const bearer_facts *facts)
{
    bearer_cache_keep(place.cache, digest_of(n), facts, NOW);
}

static void what_is_kept(void **state)
{
    const bearer_facts *found;
    bearer_facts facts;
    bearer_span name;

    (void)state;
    place_make();
    facts = facts_of(place.trusts[1], token_payload(NULL));
    assert_null(find(1, NOW));
    keep(1, &facts);
    found = find(1, NOW);
    assert_non_null(found);
    assert_ptr_not_equal(found->claims.json, facts.claims.json);
    assert_ptr_equal(found->trust, place.trusts[1]);
    assert_memory_equal(found->key, facts.key, sizeof(facts.key));
    assert_ptr_equal(found->header.alg, facts.header.alg);
    assert_true(bearer_span_is(found->header.kid, "main") && !found->header.has_typ);
    assert_true(found->claims.exp == EXP);
    assert_true(bearer_span_is(found->claims.issuer, "https://issuer.example"));
    assert_true(bearer_json_strings_at(found->claims.audience, 0, &name));
    assert_true(bearer_span_is(name, "api"));
    assert_string_equal(bearer_json_print(test_pool, found->claims.json),
                        bearer_json_print(test_pool, facts.claims.json));
    assert_null(find(2, NOW));
}

/* Found by one trust of two for the same token, by both, and by a list without it. */
static void by_trust(void **state)
{
    bearer_trust *other[] = { NULL, NULL }, *nobody[] = { NULL };
    bearer_facts facts[2];

    (void)state;
    place_make();
    other[0] = place.trusts[0];
    for (int i = 0; i < 2; i++)
        facts[i] = facts_of(place.trusts[i], token_payload(NULL));
    keep(1, &facts[1]);
    assert_null(bearer_cache_find(place.cache, test_pool, digest_of(1), other, NOW));
    assert_null(bearer_cache_find(place.cache, test_pool, digest_of(1), nobody, NOW));
    keep(1, &facts[0]);
    assert_ptr_equal(bearer_cache_find(place.cache, test_pool, digest_of(1), other, NOW)->trust,
                     place.trusts[0]);
    assert_ptr_equal(bearer_cache_find(place.cache, test_pool, digest_of(1), place.trusts + 1,
                                       NOW)->trust, place.trusts[1]);
    bearer_cache_forget(place.cache, digest_of(1), place.trusts[0]);
    assert_null(bearer_cache_find(place.cache, test_pool, digest_of(1), other, NOW));
    assert_non_null(find(1, NOW));
}

static void how_long(void **state)
{
    static const test_member without[] = { { "exp", NULL }, { NULL, NULL } };
    static const test_member gone[] = { { "exp", "1699999700" }, { NULL, NULL } };
    static const test_member late[] = { { "exp", "1699999701" }, { NULL, NULL } };
    bearer_facts facts;

    (void)state;
    place_make();
    facts = facts_of(place.trusts[1], token_payload(NULL));
    keep(1, &facts);
    assert_non_null(find(1, EXP + BEARER_LEEWAY_MOST - 1));
    assert_null(find(1, EXP + BEARER_LEEWAY_MOST));
    assert_null(find(1, NOW));                  /* it is gone, not only hidden */
    facts = facts_of(place.trusts[1], token_payload(without));
    keep(2, &facts);
    assert_null(find(2, NOW));
    facts = facts_of(place.trusts[1], token_payload(gone));
    keep(3, &facts);
    assert_null(find(3, NOW));
    facts = facts_of(place.trusts[1], token_payload(late));
    keep(4, &facts);
    assert_non_null(find(4, NOW));
}

/* Whatever the bounds, and however many come. */
static void how_much(void **state)
{
    static const struct { size_t entries, bytes, expected; } rows[] = {
        { 1, 1000000, 1 }, { 2, 1000000, 2 }, { 63, 1000000, 63 }, { 100, 10000000, 100 },
        { 129, 100000000, 128 }, { 5000, 100000000, 0 }, { 1000, 1, 0 }, { 1000, 100000, 0 },
        { 3000, 300000, 0 }, { 10000, 65536, 0 },
    };
    bearer_facts facts;

    (void)state;
    place_make();
    facts = facts_of(place.trusts[1], token_payload(NULL));
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_cache *cache = bearer_cache_make(rows[i].entries, rows[i].bytes);
        bearer_cache_level level = { 0, 0 };

        assert_non_null(cache);
        for (unsigned n = 0; n < 20000; n++) {
            bearer_cache_keep(cache, digest_of(n), &facts, NOW);
            level = n % 997 == 0 ? bearer_cache_measure(cache) : level;
            if (level.entries > rows[i].entries || level.bytes > rows[i].bytes)
                break;
        }
        row_expect(level.entries <= rows[i].entries && level.bytes <= rows[i].bytes,
                   "%zu: %zu entries, %zu bytes", i, level.entries, level.bytes);
        level = bearer_cache_measure(cache);
        row_expect(rows[i].expected == 0 || level.entries == rows[i].expected, "%zu: %zu entries",
                   i, level.entries);
        row_expect(rows[i].bytes < 1000 || level.entries > 0, "%zu is used", i);
        row_expect(rows[i].bytes >= 1000 || level.entries == 0, "%zu has no room", i);
        bearer_cache_free(cache);
    }
    rows_end();
}

/* The same token again and again takes the room of one. */
static void once_each(void **state)
{
    bearer_facts facts;

    (void)state;
    place_make();
    facts = facts_of(place.trusts[1], token_payload(NULL));
    for (int i = 0; i < 100; i++)
        keep(1, &facts);
    assert_int_equal(bearer_cache_measure(place.cache).entries, 1);
    for (unsigned n = 1; n < 500; n++) {
        keep(n, &facts);
        bearer_cache_forget(place.cache, digest_of(n), place.trusts[1]);
        bearer_cache_forget(place.cache, digest_of(n), place.trusts[1]);
    }
    assert_int_equal(bearer_cache_measure(place.cache).entries, 0);
    assert_int_equal(bearer_cache_measure(place.cache).bytes, 0);
}

/* A hundred tokens that are asked for now and then, among a hundred thousand that come once. */
static void flood(void **state)
{
    bearer_facts facts;
    apr_pool_t *pool;
    unsigned lost = 0;

    (void)state;
    place_make();
    assert_int_equal(apr_pool_create(&pool, test_pool), APR_SUCCESS);
    facts = facts_of(place.trusts[1], token_payload(NULL));
    for (unsigned n = 0; n < 100; n++)
        keep(n, &facts);
    for (unsigned n = 100; n < 100000; n++) {
        unsigned hot = n % 100;

        keep(n, &facts);
        if (n % 5 != 0)
            continue;
        hot = n / 5 % 100;
        if (bearer_cache_find(place.cache, pool, digest_of(hot), place.trusts, NOW) == NULL) {
            keep(hot, &facts);
            lost++;
        }
        apr_pool_clear(pool);
    }
    if (lost > 200)                 /* of 20000 */
        fail_msg("%u hot tokens had to be verified again", lost);
}

/* What was found stays, even if the cache does not. */
static void found_facts_stay(void **state)
{
    const bearer_facts *found;
    bearer_facts facts;
    bearer_cache *cache = bearer_cache_make(1, 100000);

    (void)state;
    place_make();
    facts = facts_of(place.trusts[1], token_payload(NULL));
    bearer_cache_keep(cache, digest_of(1), &facts, NOW);
    found = bearer_cache_find(cache, test_pool, digest_of(1), place.trusts, NOW);
    bearer_cache_keep(cache, digest_of(2), &facts, NOW);
    assert_null(bearer_cache_find(cache, test_pool, digest_of(1), place.trusts, NOW));
    bearer_cache_free(cache);
    assert_true(bearer_span_is(found->claims.issuer, "https://issuer.example"));
}

/* A process has only so many thread keys (PTHREAD_KEYS_MAX). */
static void no_thread_key(void **state)
{
    pthread_key_t keys[2048];
    size_t made = 0;
    bearer_cache *cache;

    (void)state;
    while (made < COUNT(keys) && pthread_key_create(&keys[made], NULL) == 0)
        made++;
    assert_true(made < COUNT(keys));
    assert_null(bearer_cache_make(100, 100000));
    pthread_key_delete(keys[--made]);
    cache = bearer_cache_make(100, 100000);
    assert_non_null(cache);
    bearer_cache_free(cache);
    while (made > 0)
        pthread_key_delete(keys[--made]);
}

/* More than there is in any machine. */
static void no_memory(void **state)
{
    (void)state;
    assert_null(bearer_cache_make((size_t)1 << 44, 1000000));
    bearer_cache_free(NULL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_is_kept), TEST(by_trust), TEST(how_long), TEST(how_much), TEST(once_each),
        TEST(flood), TEST(found_facts_stay), TEST(no_memory),
        TEST(no_thread_key),
    };

    return tests_run(tests);
}
