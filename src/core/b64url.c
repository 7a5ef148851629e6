#include "bearer/b64url.h"

#include <stdint.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#define KNOWN 0x40      /* beside the value: a character without it is foreign */
#define V(character, value) [character] = KNOWN | (value)

static const uint8_t values[256] = {
    V('A', 0), V('B', 1), V('C', 2), V('D', 3), V('E', 4), V('F', 5), V('G', 6), V('H', 7),
    V('I', 8), V('J', 9), V('K', 10), V('L', 11), V('M', 12), V('N', 13), V('O', 14), V('P', 15),
    V('Q', 16), V('R', 17), V('S', 18), V('T', 19), V('U', 20), V('V', 21), V('W', 22), V('X', 23),
    V('Y', 24), V('Z', 25), V('a', 26), V('b', 27), V('c', 28), V('d', 29), V('e', 30), V('f', 31),
    V('g', 32), V('h', 33), V('i', 34), V('j', 35), V('k', 36), V('l', 37), V('m', 38), V('n', 39),
    V('o', 40), V('p', 41), V('q', 42), V('r', 43), V('s', 44), V('t', 45), V('u', 46), V('v', 47),
    V('w', 48), V('x', 49), V('y', 50), V('z', 51), V('0', 52), V('1', 53), V('2', 54), V('3', 55),
    V('4', 56), V('5', 57), V('6', 58), V('7', 59), V('8', 60), V('9', 61), V('-', 62), V('_', 63),
};

static uint8_t value_at(bearer_span text, size_t i)
{
    return values[(unsigned char)text.ptr[i]];
}

bool bearer_b64url_alphabet(bearer_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (value_at(text, i) == 0)
            return false;
    return true;
}

/* Up to three bytes from four values; the marks fall off. */
static void put_group(uint8_t a, uint8_t b, uint8_t c, uint8_t d, size_t bytes, unsigned char *out)
{
    uint32_t group = (a & 0x3fu) << 18 | (b & 0x3fu) << 12 | (c & 0x3fu) << 6 | (d & 0x3fu);

    for (size_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)(group >> (16 - 8 * i));
}

/* The two or three characters after the last whole group of four; their unused low bits must be
 * zero. */
static bool decode_tail(bearer_span tail, unsigned char *out, size_t *len)
{
    uint8_t a, b, c;

    if (tail.len == 0)
        return true;
    if (tail.len == 1)
        return false;
    a = value_at(tail, 0);
    b = value_at(tail, 1);
    c = tail.len == 3 ? value_at(tail, 2) : KNOWN;
    if ((a & b & c & KNOWN) == 0 || (tail.len == 2 ? b & 0x0f : c & 0x03) != 0)
        return false;
    put_group(a, b, c, 0, tail.len - 1, out + *len);
    *len += tail.len - 1;
    return true;
}

bool bearer_b64url_decode(bearer_span text, unsigned char *out, size_t *len)
{
    size_t i, n = 0;

    for (i = 0; i + 4 <= text.len; i += 4, n += 3) {
        uint8_t a = value_at(text, i), b = value_at(text, i + 1);
        uint8_t c = value_at(text, i + 2), d = value_at(text, i + 3);

        if ((a & b & c & d & KNOWN) == 0)
            return false;
        put_group(a, b, c, d, 3, out + n);
    }
    *len = n;
    return decode_tail((bearer_span){ text.ptr + i, text.len - i }, out, len);
}

size_t bearer_b64url_encode(const unsigned char *bytes, size_t n, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < n; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        size_t left = n - i < 3 ? n - i : 3;

        if (left > 1)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (left > 2)
            group |= bytes[i + 2];
        for (size_t k = 0; k <= left; k++)
            out[len++] = letters[group >> (18 - 6 * k) & 0x3f];
    }
    out[len] = '\0';
    return len;
}
