/* SPDX-License-Identifier: MIT */
/* Values of the text form: each is read and written here. */
#include "program/text/lexer.h"

#include <inttypes.h>
#include <string.h>

#include "program/text/text.h"

/*
 * The number that `length` bytes at `word` spell.  `size`: 2^64 is one, and
 * is UINT64_MAX.
 */
static bool number(const char *word, size_t length, bool size, uint64_t *value)
{
    if (length > 2 && word[0] == '2' && word[1] == '^') {
        uint64_t exponent;
        if (length > 4 || !number(word + 2, length - 2, false, &exponent) ||
            exponent > (size ? 64 : 63)) {
            return false;
        }
        *value = exponent == 64 ? UINT64_MAX : UINT64_C(1) << exponent;
        return true;
    }
    unsigned base = 10;
    if (length > 2 && word[0] == '0' && (word[1] | 0x20) == 'x') {
        base = 16;
        word += 2;
        length -= 2;
    }
    if (length == 0) {
        return false;
    }
    uint64_t n = 0;
    for (size_t i = 0; i < length; i++) {
        int digit = g_ascii_xdigit_value(word[i]);
        if (digit < 0 || (unsigned)digit >= base ||
            n > (UINT64_MAX - (unsigned)digit) / base) {
            return false;
        }
        n = n * base + (unsigned)digit;
    }
    *value = n;
    return true;
}

bool tw_lexer_number(TwLexer *l, uint64_t low, uint64_t high, const char *what,
                     uint64_t *value)
{
    if (!number(l->word, l->length, false, value) || *value < low ||
        *value > high) {
        return tw_lexer_expected(l, what ? what : "a number");
    }
    tw_lexer_next(l);
    return true;
}

bool tw_lexer_size(TwLexer *l, uint64_t *value)
{
    if (!number(l->word, l->length, true, value)) {
        return tw_lexer_expected(l, "a size from 0 to 2^64");
    }
    tw_lexer_next(l);
    return true;
}

void tw_write_size(GString *out, uint64_t size)
{
    if (size == UINT64_MAX) {
        g_string_append(out, "2^64");
    } else {
        g_string_append_printf(out, "0x%" PRIx64, size);
    }
}

bool tw_lexer_power(TwLexer *l, unsigned low, unsigned high, const char *what,
                    uint8_t *exponent)
{
    uint64_t value;
    if (!number(l->word, l->length, false, &value) || value == 0 ||
        (value & (value - 1)) != 0) {
        return tw_lexer_expected(l, what);
    }
    unsigned k = (unsigned)__builtin_ctzll(value);
    if (k < low || k > high) {
        return tw_lexer_expected(l, what);
    }
    *exponent = (uint8_t)k;
    tw_lexer_next(l);
    return true;
}

/* Two numbers with two dots between them. */
static bool pair(const TwLexer *l, TwRange *range)
{
    for (size_t i = 0; i + 1 < l->length; i++) {
        if (l->word[i] == '.' && l->word[i + 1] == '.') {
            return number(l->word, i, false, &range->first) &&
                   number(l->word + i + 2, l->length - i - 2, false,
                          &range->last);
        }
    }
    return false;
}

bool tw_lexer_range(TwLexer *l, TwRange *range)
{
    if (!pair(l, range)) {
        return tw_lexer_expected(l, "a range FIRST..LAST");
    }
    if (range->first > range->last) {
        return tw_lexer_expected(l, "a range in order");
    }
    tw_lexer_next(l);
    return true;
}

bool tw_lexer_piece_sizes(TwLexer *l, uint8_t *least, uint8_t *most)
{
    TwRange sizes;
    if (!pair(l, &sizes) || sizes.first > 8 || sizes.last > 8) {
        return tw_lexer_expected(l, "sizes LEAST..MOST of 0, 1, 2, 4 or 8");
    }
    *least = (uint8_t)sizes.first;
    *most = (uint8_t)sizes.last;
    tw_lexer_next(l);
    return true;
}

bool tw_lexer_priority(TwLexer *l, int32_t *priority)
{
    bool negative = l->length > 1 && l->word[0] == '-';
    uint64_t value;
    if (negative) {
        l->word++;
        l->length--;
    }
    if (!tw_lexer_number(l, 0, negative ? UINT64_C(1) << 31 : INT32_MAX,
                         "a priority of 32 bits", &value)) {
        return false;
    }
    *priority = (int32_t)(negative ? -(int64_t)value : (int64_t)value);
    return true;
}

/* Letter and number at the start of the word; returns the bytes taken, or 0. */
static size_t id_prefix(const char *word, size_t length, char letter,
                        unsigned count, uint8_t *id)
{
    size_t n = 1;
    unsigned value = 0;
    if (length < 2 || word[0] != letter) {
        return 0;
    }
    while (n < length && n < 5 && g_ascii_isdigit(word[n])) {
        value = value * 10 + (unsigned)(word[n] - '0');
        n++;
    }
    if (n == 1 || value >= count) {
        return 0;
    }
    *id = (uint8_t)value;
    return n;
}

bool tw_lexer_id(TwLexer *l, char letter, unsigned count, uint8_t *id)
{
    if (l->length == 0 ||
        id_prefix(l->word, l->length, letter, count, id) != l->length) {
        char what[32];
        g_snprintf(what, sizeof what, "%c0 to %c%u", letter, letter, count - 1);
        return tw_lexer_expected(l, what);
    }
    tw_lexer_next(l);
    return true;
}

bool tw_lexer_id_index(TwLexer *l, char letter, unsigned count,
                       unsigned indexes, uint8_t *id, uint8_t *index)
{
    size_t n = id_prefix(l->word, l->length, letter, count, id);
    uint64_t value;
    if (n == 0 || n >= l->length || l->word[n] != '.' ||
        !number(l->word + n + 1, l->length - n - 1, false, &value) ||
        value >= indexes) {
        char what[32];
        g_snprintf(what, sizeof what, "%c0.0 to %c%u.%u", letter, letter,
                   count - 1, indexes - 1);
        return tw_lexer_expected(l, what);
    }
    *index = (uint8_t)value;
    tw_lexer_next(l);
    return true;
}

bool tw_lexer_name(TwLexer *l, const char *(*name)(unsigned), unsigned count,
                   const char *what, uint8_t *value)
{
    for (unsigned i = 0; i < count; i++) {
        if (tw_lexer_is(l, name(i))) {
            *value = (uint8_t)i;
            tw_lexer_next(l);
            return true;
        }
    }
    return tw_lexer_expected(l, what);
}

bool tw_lexer_perm(TwLexer *l, unsigned most, uint8_t *perm)
{
    const char *what = most & TW_X   ? "rights (rwx or none)"
                       : most & TW_W ? "rights (rw or none)"
                                     : "rights";
    unsigned rights = 0;
    if (!tw_lexer_is(l, "none")) {
        for (size_t i = 0; i < l->length; i++) {
            char c = l->word[i];
            unsigned right = c == 'r'   ? TW_R
                             : c == 'w' ? TW_W
                             : c == 'x' ? TW_X
                                        : 0;
            if (!(right & most) || (rights & right)) {
                return tw_lexer_expected(l, what);
            }
            rights |= right;
        }
        if (l->length == 0) {
            return tw_lexer_expected(l, what);
        }
    }
    *perm = (uint8_t)rights;
    tw_lexer_next(l);
    return true;
}

void tw_write_perm(GString *out, unsigned perm)
{
    if (!(perm & (TW_R | TW_W | TW_X))) {
        g_string_append(out, "none");
        return;
    }
    g_string_append(out, perm & TW_R ? "r" : "");
    g_string_append(out, perm & TW_W ? "w" : "");
    g_string_append(out, perm & TW_X ? "x" : "");
}

/* The next part of a word that commas divide; false after the last. */
static bool next_part(const TwLexer *l, size_t *at, const char **part,
                      size_t *length)
{
    if (*at > l->length) {
        return false;
    }
    *part = l->word + *at;
    const char *comma = memchr(*part, ',', l->length - *at);
    *length = comma ? (size_t)(comma - *part) : l->length - *at;
    *at += *length + 1;
    return true;
}

static bool part_is(const char *part, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(part, word, length) == 0;
}

bool tw_lexer_attrs(TwLexer *l, TwAttrs *attrs)
{
    const char *what = "attributes (secure,user,rid=N,unspecified or none)";
    TwAttrs all = 0;
    bool rid = false;
    size_t at = 0, length;
    const char *part;
    if (tw_lexer_skip(l, "none")) {
        *attrs = 0;
        return true;
    }
    while (next_part(l, &at, &part, &length)) {
        TwAttrs one = part_is(part, length, "secure") ? TW_ATTR_SECURE
                      : part_is(part, length, "user") ? TW_ATTR_USER
                      : part_is(part, length, "unspecified")
                          ? TW_ATTR_UNSPECIFIED
                          : 0;
        uint64_t id;
        if (one == 0 && !rid && length > 4 && memcmp(part, "rid=", 4) == 0 &&
            number(part + 4, length - 4, false, &id) && id <= 0xffff) {
            all |= (TwAttrs)id << TW_ATTR_REQUESTER_SHIFT;
            rid = true;
        } else if (one == 0 || (all & one)) {
            return tw_lexer_expected(l, what);
        }
        all |= one;
    }
    *attrs = all;
    tw_lexer_next(l);
    return true;
}

static void write_part(GString *out, const char **comma, const char *part)
{
    g_string_append(out, *comma);
    g_string_append(out, part);
    *comma = ",";
}

void tw_write_attrs(GString *out, TwAttrs attrs)
{
    const char *comma = "";
    if (!(attrs & TW_ATTR_MASK)) {
        g_string_append(out, "none");
        return;
    }
    if (attrs & TW_ATTR_UNSPECIFIED) {
        write_part(out, &comma, "unspecified");
    }
    if (attrs & TW_ATTR_SECURE) {
        write_part(out, &comma, "secure");
    }
    if (attrs & TW_ATTR_USER) {
        write_part(out, &comma, "user");
    }
    if (attrs >> TW_ATTR_REQUESTER_SHIFT) {
        char rid[16];
        g_snprintf(rid, sizeof rid, "rid=%u", attrs >> TW_ATTR_REQUESTER_SHIFT);
        write_part(out, &comma, rid);
    }
}

bool tw_lexer_events(TwLexer *l, bool one, uint8_t *kinds)
{
    const char *what =
        one ? "unmap, map or deviotlb" : "events (unmap,map,deviotlb)";
    unsigned all = 0;
    size_t at = 0, length;
    const char *part;
    while (next_part(l, &at, &part, &length)) {
        unsigned kind = part_is(part, length, "unmap") ? TW_EVENT_UNMAP
                        : part_is(part, length, "map") ? TW_EVENT_MAP
                        : part_is(part, length, "deviotlb")
                            ? TW_EVENT_DEVIOTLB_UNMAP
                            : 0;
        if (kind == 0 || (all & kind) || (one && all)) {
            return tw_lexer_expected(l, what);
        }
        all |= kind;
    }
    *kinds = (uint8_t)all;
    tw_lexer_next(l);
    return true;
}

void tw_write_events(GString *out, unsigned kinds)
{
    const char *comma = "";
    if (kinds & TW_EVENT_UNMAP) {
        write_part(out, &comma, "unmap");
    }
    if (kinds & TW_EVENT_MAP) {
        write_part(out, &comma, "map");
    }
    if (kinds & TW_EVENT_DEVIOTLB_UNMAP) {
        write_part(out, &comma, "deviotlb");
    }
}
