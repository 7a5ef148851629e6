#include "support.h"
#include "bearer/b64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* RFC 4648 section 10, without padding, RFC 7515 appendix C, and the two characters that base64
 * has otherwise. */
static const struct { bearer_span bytes; const char *text; } pairs[] = {
    { SPAN_ROW(""), "" }, { SPAN_ROW("f"), "Zg" }, { SPAN_ROW("fo"), "Zm8" },
    { SPAN_ROW("foo"), "Zm9v" }, { SPAN_ROW("foob"), "Zm9vYg" }, { SPAN_ROW("fooba"), "Zm9vYmE" },
    { SPAN_ROW("foobar"), "Zm9vYmFy" }, { SPAN_ROW("\x03\xec\xff\xe0\xc1"), "A-z_4ME" },
    { SPAN_ROW("\xfb\xff\xbf"), "-_-_" }, { SPAN_ROW("\0"), "AA" }, { SPAN_ROW("\0\0\0"), "AAAA" },
};

static bool decodes(const char *text, size_t len, unsigned char *out, size_t *out_len)
{
    bearer_span exact = { text, len };

    *out_len = 999;
    return bearer_b64url_decode(exact, out, out_len);
}

static void known_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        bearer_span bytes = pairs[i].bytes, text = tight_text(pairs[i].text);
        unsigned char *out = (unsigned char *)(uintptr_t)tight((bearer_span){ "                ",
                                                      BEARER_B64URL_DECODED(text.len) }).ptr;
        char *back = (char *)(uintptr_t)tight((bearer_span){ "                    ",
                                              BEARER_B64URL_ENCODED(bytes.len) }).ptr;
        size_t len = 999;

        row_expect(bearer_b64url_decode(text, out, &len) && len == bytes.len
                   && memcmp(out, bytes.ptr, len) == 0, "decoding %s", pairs[i].text);
        len = bearer_b64url_encode((const unsigned char *)bytes.ptr, bytes.len, back);
        row_expect(len == strlen(pairs[i].text) && strcmp(back, pairs[i].text) == 0,
                   "encoding to %s", pairs[i].text);
    }
    rows_end();
}

static void wrong_texts(void **state)
{
    static const bearer_span rows[] = {
        SPAN_ROW("A"), SPAN_ROW("AAAAA"), SPAN_ROW("AAAAAAAAA"), SPAN_ROW("Zg=="), SPAN_ROW("Zm8="),
        SPAN_ROW("Zg="), SPAN_ROW("="), SPAN_ROW("===="), SPAN_ROW("Zm9v\n"), SPAN_ROW("Zm9v "),
        SPAN_ROW(" Zm9v"), SPAN_ROW("Zm 9v"), SPAN_ROW("Zm9v\r\nYmFy"), SPAN_ROW("+/+/"),
        SPAN_ROW("AA+A"), SPAN_ROW("AA/A"), SPAN_ROW("AA.A"), SPAN_ROW("AA~A"), SPAN_ROW("AA\0A"),
        SPAN_ROW("\0\0\0\0"), SPAN_ROW("Zm9v\0"), SPAN_ROW("AA\x80" "A"), SPAN_ROW("AA\xff" "A"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned char out[32];
        size_t len;

        row_expect(!bearer_b64url_decode(tight(rows[i]), out, &len), "'%s' decodes", rows[i].ptr);
    }
    rows_end();
}

static bool in_alphabet(int byte)
{
    return byte != 0 && strchr(alphabet, byte) != NULL;
}

static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t len = 2; len <= 4; len++)
            for (size_t at = 0; at < len; at++) {
                char text[4] = { 'A', 'A', 'A', 'A' };
                unsigned char out[8];
                size_t n;

                text[at] = (char)byte;
                if (!in_alphabet(byte))
                    row_expect(!decodes(text, len, out, &n), "byte %02x at %zu of %zu",
                               (unsigned)byte, at, len);
                row_expect(bearer_b64url_alphabet((bearer_span){ text, len }) == in_alphabet(byte),
                           "alphabet: byte %02x", (unsigned)byte);
            }
    assert_true(bearer_b64url_alphabet(SPAN("")));
    rows_end();
}

/* RFC 4648 section 3.5: of 64 last characters only those decode whose unused bits are zero. */
static void stray_bits(void **state)
{
    (void)state;
    for (size_t first = 0; first < 64; first++)
        for (size_t last = 0; last < 64; last++) {
            char two[2] = { alphabet[first], alphabet[last] };
            char three[3] = { 'Z', alphabet[first], alphabet[last] };
            char six[6] = { 'Z', 'm', '9', 'v', alphabet[first], alphabet[last] };
            unsigned char out[8];
            size_t len;

            row_expect(decodes(two, 2, out, &len) == (last % 16 == 0), "%.2s", two);
            row_expect(decodes(three, 3, out, &len) == (last % 4 == 0), "%.3s", three);
            row_expect(decodes(six, 6, out, &len) == (last % 16 == 0), "%.6s", six);
        }
    rows_end();
}

static void round_trip(const unsigned char *bytes, size_t n)
{
    char text[16];
    unsigned char back[16];
    size_t len = 0, text_len = bearer_b64url_encode(bytes, n, text);

    row_expect(text_len == (n * 4 + 2) / 3 && strlen(text) == text_len, "length of %zu bytes", n);
    row_expect(decodes(text, text_len, back, &len) && len == n && memcmp(back, bytes, n) == 0, "%s",
               text);
}

static void round_trips(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 0x10000; i++) {
        unsigned char bytes[5] = { (unsigned char)(i >> 8), (unsigned char)i,
                                   (unsigned char)(i * 7),
                                   (unsigned char)(i >> 3), (unsigned char)(i ^ 0x5a) };

        round_trip(bytes + 1, i < 256 ? 1 : 2);
        round_trip(bytes, 2);
        if (i % 16 == 0)
            for (size_t n = 3; n <= 5; n++)
                round_trip(bytes, n);
    }
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(known_pairs), TEST(wrong_texts), TEST(every_byte_at_every_place), TEST(stray_bits),
        TEST(round_trips),
    };

    return tests_run(tests);
}
