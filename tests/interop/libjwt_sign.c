/* Signs a token with libjwt alone: libjwt_sign ALG KEY KID CLAIMS
 * KEY is a file: PEM or the bytes of a secret for libjwt 1 and 2, a JWK for libjwt 3. CLAIMS is a
 * JSON object. */
#include <stdio.h>
#include <stdlib.h>
#include <jwt.h>

#if defined(JWT_VERSION_MAJOR) && JWT_VERSION_MAJOR >= 3

static char *sign(const char *alg, const char *file, char *kid, char *claims)
{
    jwk_set_t *keys = jwks_create_fromfile(file);
    jwt_builder_t *builder = jwt_builder_new();
    jwt_value_t head = { .type = JWT_VALUE_STR, .name = "kid", .str_val = kid, .replace = 1 };
    jwt_value_t body = { .type = JWT_VALUE_JSON, .json_val = claims, .replace = 1 };
    char *token = NULL;

    if (keys != NULL && builder != NULL && jwt_builder_enable_iat(builder, 0) >= 0
        && jwt_builder_setkey(builder, jwt_str_alg(alg), jwks_item_get(keys, 0)) == 0
        && jwt_builder_header_set(builder, &head) == JWT_VALUE_ERR_NONE
        && jwt_builder_claim_set(builder, &body) == JWT_VALUE_ERR_NONE)
        token = jwt_builder_generate(builder);
    jwt_builder_free(builder);
    jwks_free(keys);
    return token;
}

#else

static unsigned char key[16384];

static char *sign(const char *alg, const char *file, char *kid, char *claims)
{
    FILE *in = fopen(file, "rb");
    size_t len = in != NULL ? fread(key, 1, sizeof(key) - 1, in) : 0;
    jwt_t *jwt = NULL;
    char *token = NULL;

    if (in != NULL)
        fclose(in);
    if (len > 0 && jwt_new(&jwt) == 0 && jwt_set_alg(jwt, jwt_str_alg(alg), key, (int)len) == 0
        && jwt_add_header(jwt, "kid", kid) == 0 && jwt_add_grants_json(jwt, claims) == 0)
        token = jwt_encode_str(jwt);
    jwt_free(jwt);
    return token;
}

#endif

int main(int argc, char **argv)
{
    char *token = argc == 5 ? sign(argv[1], argv[2], argv[3], argv[4]) : NULL;

    if (token == NULL) {
        fprintf(stderr, "libjwt_sign: not signed\n");
        return 1;
    }
    printf("%s\n", token);
    free(token);
    return 0;
}
