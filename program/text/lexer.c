/* SPDX-License-Identifier: MIT */
/* Lines, words and errors of the text form. */
#include "program/text/lexer.h"

#include <inttypes.h>
#include <string.h>

#include "program/text/text.h"

enum { QUOTED_MAX = 40 }; /* bytes of a word that an error quotes */

G_DEFINE_QUARK(tw_text_error_quark, tw_text_error)

static void split(TwLexer *l);

void tw_lexer_init(TwLexer *l, const char *text, size_t length,
                   const char *name, bool quiet, GError **error)
{
    *l = (TwLexer){.name = name ? name : "text",
                   .quiet = quiet,
                   .error = error,
                   .next = text,
                   .end = text + length};
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        l->next += 3; /* a byte order mark says nothing */
    }
    l->start = l->stop = l->word = l->next;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Errors ------------------------------------------------------------------- */

bool tw_lexer_expected_at(TwLexer *l, unsigned line, unsigned column,
                          const char *what)
{
    l->failed = true;
    if (!l->quiet && l->error && !*l->error) {
        /* One line, whatever the name is made of. */
        g_autofree char *name = g_strdup(l->name);
        for (char *c = name; *c; c++) {
            if ((unsigned char)*c < 0x20 || *c == 0x7f) {
                *c = '?';
            }
        }
        g_set_error(l->error, TW_TEXT_ERROR, TW_TEXT_ERROR_SYNTAX,
                    "%s:%u:%u: expected %s", name, line, column, what);
    }
    return false;
}

unsigned tw_lexer_column(const TwLexer *l)
{
    return (unsigned)(l->word - l->start) + 1;
}

bool tw_lexer_refuse(TwLexer *l, const char *what)
{
    return tw_lexer_expected_at(l, l->line, tw_lexer_column(l), what);
}

/* The word at l->word, quoted (its beginning, where it is long); NULL: the line
 * ends there.  l->length may be that of a later word. */
static char *quote(const TwLexer *l)
{
    const char *end = l->word;
    bool cut;

    while (end < l->stop && !is_blank(*end)) {
        end++;
    }
    cut = end - l->word > QUOTED_MAX;
    if (cut) {
        end = l->word + QUOTED_MAX;
        while (end > l->word && ((unsigned char)*end & 0xc0) == 0x80) {
            end--; /* not inside a character */
        }
    }
    return end > l->word ? g_strdup_printf("\"%.*s%s\"", (int)(end - l->word),
                                           l->word, cut ? "..." : "")
                         : NULL;
}

bool tw_lexer_expected(TwLexer *l, const char *what)
{
    g_autofree char *there = NULL, *full = NULL;

    if (l->quiet) {
        return tw_lexer_refuse(l, what);
    }
    there = quote(l);
    full = g_strdup_printf("%s, not %s", what,
                           there ? there : "the end of the line");
    return tw_lexer_refuse(l, full);
}

/* Lines and words ---------------------------------------------------------- */

/* The first byte that no text line holds, or NULL. */
static const char *find_binary(const char *from, const char *to)
{
    bool ascii = true;
    for (const char *c = from; c < to; c++) {
        unsigned char byte = (unsigned char)*c;
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return c;
        }
        ascii = ascii && byte < 0x80;
    }
    const char *bad = NULL;
    if (!ascii && !g_utf8_validate(from, to - from, &bad)) {
        return bad;
    }
    return NULL;
}

bool tw_lexer_line(TwLexer *l)
{
    l->failed = false;
    if (l->next >= l->end) {
        return false;
    }
    size_t left = (size_t)(l->end - l->next);
    const char *newline = memchr(l->next, '\n', left);
    const char *stop = newline ? newline : l->end;
    l->line++;
    l->start = l->word = l->next;
    l->next = newline ? newline + 1 : l->end;
    l->length = 0;
    l->comment = NULL;
    if (stop > l->start && stop[-1] == '\r') {
        stop--;
    }
    l->stop = stop;
    if (stop - l->start > TW_LINE_MAX) {
        l->word = l->start + TW_LINE_MAX;
        tw_lexer_refuse(l, "a line of at most 4096 bytes");
        return true;
    }
    const char *binary = find_binary(l->start, stop);
    if (binary) {
        l->word = binary;
        tw_lexer_refuse(l, "text");
        return true;
    }
    /* A comment starts at the line's start or after a blank. */
    for (const char *c = l->start;
         (c = memchr(c, '#', (size_t)(stop - c))) != NULL; c++) {
        if (c == l->start || is_blank(c[-1])) {
            l->stop = c;
            l->comment = c + 1 < stop && c[1] == ' ' ? c + 2 : c + 1;
            while (stop > l->comment && is_blank(stop[-1])) {
                stop--;
            }
            l->comment_stop = stop;
            break;
        }
    }
    while (l->stop > l->start && is_blank(l->stop[-1])) {
        l->stop--;
    }
    split(l);
    return true;
}

/* Finds the word at or after l->word. */
static void split(TwLexer *l)
{
    while (l->word < l->stop && is_blank(*l->word)) {
        l->word++;
    }
    const char *c = l->word;
    while (c < l->stop && !is_blank(*c)) {
        c++;
    }
    l->length = (size_t)(c - l->word);
}

void tw_lexer_next(TwLexer *l)
{
    l->word += l->length;
    split(l);
}

bool tw_lexer_is(const TwLexer *l, const char *word)
{
    return strlen(word) == l->length && memcmp(word, l->word, l->length) == 0;
}

bool tw_lexer_skip(TwLexer *l, const char *word)
{
    if (!tw_lexer_is(l, word)) {
        return false;
    }
    tw_lexer_next(l);
    return true;
}

bool tw_lexer_word(TwLexer *l, const char *word)
{
    if (tw_lexer_skip(l, word)) {
        return true;
    }
    char what[64];
    g_snprintf(what, sizeof what, "'%s'", word);
    return tw_lexer_expected(l, what);
}

bool tw_lexer_end(TwLexer *l)
{
    return l->length == 0 || tw_lexer_expected(l, "the end of the line");
}
