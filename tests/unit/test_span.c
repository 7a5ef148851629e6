#include "support.h"

static void equality(void **state)
{
    static const struct { bearer_span a, b; bool equal; } rows[] = {
        { SPAN_ROW(""), SPAN_ROW(""), true },         { SPAN_ROW("a"), SPAN_ROW("a"), true },
        { SPAN_ROW("a"), SPAN_ROW(""), false },       { SPAN_ROW(""), SPAN_ROW("a"), false },
        { SPAN_ROW("ab"), SPAN_ROW("a"), false },     { SPAN_ROW("a"), SPAN_ROW("ab"), false },
        { SPAN_ROW("a"), SPAN_ROW("A"), false },      { SPAN_ROW("a\0b"), SPAN_ROW("a\0b"), true },
        { SPAN_ROW("a\0b"), SPAN_ROW("a\0c"), false }, { SPAN_ROW("a"), SPAN_ROW("a\0"), false },
        { SPAN_ROW("\xff"), SPAN_ROW("\xff"), true }, { { NULL, 0 }, SPAN_ROW(""), true },
        { { NULL, 0 }, { NULL, 0 }, true },           { { NULL, 0 }, SPAN_ROW("a"), false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        row_expect(bearer_span_equal(rows[i].a, rows[i].b) == rows[i].equal, "row %zu", i);
    rows_end();
}

static const struct { bearer_span span; const char *word; bool is, nocase, begins; } words[] = {
    { SPAN_ROW("Bearer"), "Bearer", true, true, true },
    { SPAN_ROW("bEARER"), "Bearer", false, true, true },
    { SPAN_ROW("Bearer x"), "Bearer", false, false, true },
    { SPAN_ROW("Beare"), "Bearer", false, false, false },
    { SPAN_ROW(""), "Bearer", false, false, false },
    { SPAN_ROW(""), "", true, true, true },
    { SPAN_ROW("a"), "", false, false, true },
    { SPAN_ROW("Bearer\0"), "Bearer", false, false, true },
    { SPAN_ROW("Be\0rer"), "Be", false, false, true },
    { SPAN_ROW("[]"), "{}", false, false, false },          /* 0x20 apart, but no letters */
    { SPAN_ROW("@"), "`", false, false, false },
    { SPAN_ROW("k"), "\xe2", false, false, false },
    { SPAN_ROW("\xe9"), "\xc9", false, false, false },      /* letters of Latin-1 are not ASCII */
    { { NULL, 0 }, "a", false, false, false },
    { { NULL, 0 }, "", true, true, true },
};

static void comparison_with_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        bearer_span span = words[i].span.ptr != NULL ? tight(words[i].span) : words[i].span;

        row_expect(bearer_span_is(span, words[i].word) == words[i].is, "is, row %zu", i);
        row_expect(bearer_span_is_nocase(span, words[i].word) == words[i].nocase, "nocase, row %zu",
                   i);
        row_expect(bearer_span_begins_nocase(span, words[i].word) == words[i].begins,
                   "begins, row %zu", i);
    }
    rows_end();
}

static void case_is_folded_for_letters_only(void **state)
{
    (void)state;
    for (int a = 1; a < 256; a++)
        for (int b = 1; b < 256; b++) {
            char one = (char)a, word[2] = { (char)b, '\0' };
            bool letters = (a | 32) == (b | 32) && (a | 32) >= 'a' && (a | 32) <= 'z';

            row_expect(bearer_span_is_nocase((bearer_span){ &one, 1 }, word) == (a == b || letters),
                       "bytes %02x and %02x", (unsigned)a, (unsigned)b);
        }
    rows_end();
}

static void parts(void **state)
{
    static const char text[] = "abc";

    (void)state;
    assert_int_equal(bearer_span_of("abc").len, 3);
    assert_int_equal(bearer_span_of("").len, 0);
    assert_int_equal(bearer_span_of(NULL).len, 0);
    for (size_t n = 0; n <= 3; n++) {
        bearer_span left = bearer_span_after((bearer_span){ text, 3 }, n);

        row_expect(left.len == 3 - n && left.ptr == text + n, "after %zu", n);
    }
    rows_end();
}

static void next_word(void **state)
{
    static const struct { bearer_span text; char between; const char *joined; } rows[] = {
        { SPAN_ROW("a b"), ' ', "a|b|" },         { SPAN_ROW("  a   b  "), ' ', "a|b|" },
        { SPAN_ROW(""), ' ', "" },                { SPAN_ROW("    "), ' ', "" },
        { SPAN_ROW("abc"), ' ', "abc|" },         { SPAN_ROW("a\tb c"), ' ', "a\tb|c|" },
        { SPAN_ROW("a,b,,c"), ',', "a|b|c|" },    { SPAN_ROW("a b"), ',', "a b|" },
        { SPAN_ROW("x "), ' ', "x|" },            { SPAN_ROW(" x"), ' ', "x|" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bearer_span rest = tight(rows[i].text), word;
        const char *joined = "";

        while (bearer_span_next_word(&rest, rows[i].between, &word))
            joined = apr_pstrcat(test_pool, joined, apr_pstrmemdup(test_pool, word.ptr, word.len),
                                 "|", NULL);
        row_expect(strcmp(joined, rows[i].joined) == 0, "row %zu gives '%s'", i, joined);
        row_expect(!bearer_span_next_word(&rest, rows[i].between, &word), "row %zu ends", i);
    }
    rows_end();
}

static void control_characters(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[3] = { 'a', (char)byte, 'z' };
        bool control = byte < 0x20 || byte == 0x7f;

        row_expect(bearer_span_has_control((bearer_span){ text, 3 }) == control, "byte %02x",
                   (unsigned)byte);
        row_expect(bearer_span_has_control((bearer_span){ text + 1, 1 }) == control, "alone %02x",
                   (unsigned)byte);
    }
    assert_false(bearer_span_has_control(SPAN("")));
    rows_end();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(equality), TEST(comparison_with_words), TEST(case_is_folded_for_letters_only),
        TEST(parts), TEST(next_word), TEST(control_characters),
    };

    return tests_run(tests);
}
