#include "bearer/trust.h"

const bearer_trust *bearer_trust_find(bearer_trust *const *trusts, bearer_span issuer)
{
    for (; *trusts != NULL; trusts++)
        if (bearer_span_is(issuer, (*trusts)->rules.name))
            return *trusts;
    return NULL;
}

bool bearer_trust_among(bearer_trust *const *trusts, const bearer_trust *trust)
{
    while (*trusts != NULL && *trusts != trust)
        trusts++;
    return *trusts != NULL;
}

bool bearer_trust_any_takes(bearer_trust *const *trusts, const bearer_header *header)
{
    for (; *trusts != NULL; trusts++)
        if (bearer_header_type_in(header, &(*trusts)->rules.types))
            return true;
    return false;
}

static uint64_t asymmetric(uint64_t algorithms)
{
    const bearer_alg *alg;

    for (size_t i = 0; (alg = bearer_alg_at(i)) != NULL; i++)
        if (alg->kty == BEARER_KTY_OCT)
            algorithms &= ~(UINT64_C(1) << bearer_alg_index(alg));
    return algorithms;
}

uint64_t bearer_trust_algorithms(const bearer_trust *trust, const bearer_keyset *keys)
{
    return trust->rules.algorithms != 0 ? trust->rules.algorithms
                                        : asymmetric(bearer_keyset_algorithms(keys));
}
