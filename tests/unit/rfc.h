/* Examples of the RFCs, as printed there. */
#ifndef TESTS_UNIT_RFC_H
#define TESTS_UNIT_RFC_H

/* RFC 7515 appendix A.1: HS256, with the key as a JWK `k`. */
#define RFC7515_A1_K \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"

#define RFC7515_A1 \
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQo" \
    "gImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOE" \
    "jXk"

/* RFC 7515 appendix A.2: RS256. */
#define RFC7515_A2_N \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt" \
    "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX" \
    "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5" \
    "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"

#define RFC7515_A2 \
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx" \
    "lLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5R" \
    "Zmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrn" \
    "byTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHW" \
    "EsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig" \
    "cN_IoypGlUPQGe77Rw"

/* RFC 7515 appendix A.3: ES256. */
#define RFC7515_A3_X \
    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"

#define RFC7515_A3_Y \
    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

#define RFC7515_A3 \
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx" \
    "lLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8I" \
    "SlSApmWQxfKTUJqPP3-Kg6NU1Q"

/* RFC 7515 appendix A.4: ES512. */
#define RFC7515_A4_X \
    "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk"

#define RFC7515_A4_Y \
    "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"

#define RFC7515_A4 \
    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPW" \
    "ROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKv" \
    "U8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"

/* RFC 8037 appendix A.2 and A.4: EdDSA with Ed25519. */
#define RFC8037_X \
    "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"

#define RFC8037_A4 \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09P" \
    "GcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

/* RFC 7520 section 3.3 and 4.1: RS256. */
#define RFC7520_RSA_N \
    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_" \
    "AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpP" \
    "e7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg" \
    "_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw"

#define RFC7520_4_1 \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGF" \
    "uZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9" \
    "hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9" \
    "1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKt" \
    "ainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0R" \
    "nltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS" \
    "_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH" \
    "84ogoree7vjbU5y18kDquDg"

/* RFC 7520 section 4.2: PS384, the same key. */
#define RFC7520_4_2 \
    "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGF" \
    "uZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9" \
    "hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9" \
    "1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1" \
    "xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFl" \
    "fz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2" \
    "Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfm" \
    "WjwZ6oD4ifKo8DYM-X72Eaw"

/* RFC 7520 section 3.1 and 4.3: ES512. */
#define RFC7520_EC_X \
    "AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13nmGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt"

#define RFC7520_EC_Y \
    "AdymlHvOiLxXkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP-HqHZR1"

#define RFC7520_4_3 \
    "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGF" \
    "uZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9" \
    "hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW9" \
    "1IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluUII" \
    "UnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-kvAD890jl8e2puQens_IE" \
    "KBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"

/* RFC 7520 section 3.5 and 4.4: HS256. */
#define RFC7520_OCT_K \
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"

#define RFC7520_4_4 \
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.SXTigJl" \
    "zIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB" \
    "0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2h" \
    "lcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"

/* RFC 7517 appendix A.1: the RSA key, and the EC key that is for encryption. */
#define RFC7517_A1_N \
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_B" \
    "JECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_F" \
    "DW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4" \
    "vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"

#define RFC7517_A1_X \
    "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"

#define RFC7517_A1_Y \
    "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"

/* Of no RFC: a modulus of 8192 bits, which takes too long to make. */
#define RSA_8192_N \
    "voKb4Tc54eKJc5Uk5vDtbDUrADVRQncU4SqpqvemE1I6Mtpq39rH-j9pEGpO74BNhTi0w3Np-MCc-bdGA0KpIbMF" \
    "DvmKiN0Lu8gAjlC72Lc0pJ2dfo5_dtX7XHGweCDPC_DBX8IQFVmU6WfvzSQ6S5NNhiuQnTCPPL1fJRqIqgQxQhJI" \
    "M6WyXJt6yrNuSBSj01ESPsqkP7DUbxELoMuzvzJuEGo9s9H0hyQY3QW5uSoTiW-fvSQvowtHE46lmtP5lH9r_tfO" \
    "ABinJHbGSCF2IdeDXS4IyOTlueB6P3En8sAIbAl3rX0toBeSEqdkyMgQUnBTbM3EMm70MGnual6LcYQCF9gzHuzV" \
    "bjxrIxdL8GFplYjvxWbQjLV_iPihlVindxcB-wUz4zCrC0NO3UyH1QHx_cSuseSOvuFHSlPkyAYQl2Edj3liCr6Q" \
    "i440pefFH67Xw34sOuGhMl1AQWAQ0Nll65zKg9BkRmXHxP0sCPP2hPrE0egSWhJKkIMq_KOveab3lMb100b3lSu0" \
    "TD64OIjfanygpkh_NdF1aT1ncGlNcFdnBFyAVvHNGMfzcpIsGUGNqp6DHvWpkLUC9DWLGjC2p5NOVXY1YGFsbPej" \
    "462QW_91C0r43JhK5o4KA42M813lDq8-BJqSRo0P7n-14NlyiqDjMRnqamr0cYtM3XpphTWVEYdGePmYLfTVVAcD" \
    "6c3eJvdrei8cx3jR5dnS8tWyks-7keYWqSKzf05V8vWtcC89R3aWxOAyPK4fGsxTioeroZO8R1YWbNiLWh6T81mW" \
    "hPHxcYdQTW5uVH1ybcYf8Z82q0148AFaQ_h52ZTRLa4exvSKp3vWat_RAvc2arN72C9Wd_3lYKWFA8yKA9qLYXTw" \
    "huGjN4vdxL8MfUw8NUNSiGX-LOXzWgiub-j5nydX_TLl5xKDYEd6v3f6gPy9m0OnkCPuxUBNxVqcTujvQGpAVQQw" \
    "DHKJv708ZDcBLxj_cShKlK2i9ovN4nieGLN7pP0pVBrT-0zyPC4s29Dw9-RvEkUirep-k26LgovdzAPzKodn_tXq" \
    "3BPL-7Pu1c383_QL66HaQKpQl1jSYe2bovWSV8H-bhkIQRd_oEyIkuKpPhW39gOgVdjdNhl9Uz4J3qMAztQRuplh" \
    "WZT-kKINybbvy9ye1TpLpTTQxO3xuC4J2VnsGcG-2SRWNS6uBndhJTnH8PwvQl0jQm1ty5IAsbtaKZyPp8k_nZ9R" \
    "f749srYBiKzooILXrv7sc8pNZG21GOjWbvXa3XgxQX-j5By_mSlCPIzZqG3mHzq9sDdMxlj2ZIv6PzvbfXjx81tf" \
    "xAYVy5kFRxgBfU4nWvvmjorI4Swmsy5JVaPBHsSllNjDYQ"

#endif
