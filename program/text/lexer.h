/* SPDX-License-Identifier: MIT */
/*
 * Inside this folder only: lines and words, for the two text forms (of a
 * program and of a trace).  Bad input ends in one error that names the place
 * ("NAME:LINE:COLUMN: expected ..."), or, where lines may be dropped, in a
 * mark on the line.
 */
#ifndef TW_PROGRAM_TEXT_LEXER_H
#define TW_PROGRAM_TEXT_LEXER_H

#include <glib.h>

#include "program/model.h"

/* Longest line, in bytes. */
enum { TW_LINE_MAX = 4096 };

typedef struct TwLexer {
    const char *name; /* of the text, for errors */
    bool quiet;       /* no error is made, only `failed` set */
    GError **error;
    const char *next;    /* the next line */
    const char *end;     /* of the text */
    unsigned line;       /* number of the current line, from 1 */
    const char *start;   /* the current line */
    const char *stop;    /* its end, without line ending and comment */
    const char *comment; /* what follows '#', or NULL */
    const char *comment_stop;
    const char *word; /* the current word; at `stop` there is none */
    size_t length;    /* of the word; 0 at the end of the line */
    bool failed;      /* the current line has a mistake */
} TwLexer;

void tw_lexer_init(TwLexer *lexer, const char *text, size_t length,
                   const char *name, bool quiet, GError **error);

/*
 * Goes to the next line and its first word; clears `failed`, and sets it if
 * the line is no text.  False at the end of the text.
 */
bool tw_lexer_line(TwLexer *lexer);

/* Goes to the next word of the line. */
void tw_lexer_next(TwLexer *lexer);

/* Fails at the current word: "expected WHAT, not "WORD"" (or "not the end of
 * the line").  Always false. */
bool tw_lexer_expected(TwLexer *lexer, const char *what);

/* The same where the word is right in itself, and not quoted: it is there twice
 * or in a wrong place. */
bool tw_lexer_refuse(TwLexer *lexer, const char *what);

/* Fails at a given place. */
bool tw_lexer_expected_at(TwLexer *lexer, unsigned line, unsigned column,
                          const char *what);

/* Column of the current word, from 1. */
unsigned tw_lexer_column(const TwLexer *lexer);

/* Is there a word, is it this one; the second goes on if so. */
bool tw_lexer_is(const TwLexer *lexer, const char *word);
bool tw_lexer_skip(TwLexer *lexer, const char *word);

/*
 * Each takes the current word and goes on, or fails with `what` expected
 * (NULL: a text of its own) and leaves the word.
 */
bool tw_lexer_word(TwLexer *lexer, const char *word);
bool tw_lexer_end(TwLexer *lexer); /* no word is left */
/* A number from `low` to `high`: 12, 0x1f or 2^10. */
bool tw_lexer_number(TwLexer *lexer, uint64_t low, uint64_t high,
                     const char *what, uint64_t *value);
/* A size: a number, or 2^64, which is UINT64_MAX. */
bool tw_lexer_size(TwLexer *lexer, uint64_t *value);
/* 2^low .. 2^high, as its exponent. */
bool tw_lexer_power(TwLexer *lexer, unsigned low, unsigned high,
                    const char *what, uint8_t *exponent);
/* 0x10..0x1f, in order. */
bool tw_lexer_range(TwLexer *lexer, TwRange *range);
/* 1..4: sizes of up to 8 bytes, where 0 is no limit. */
bool tw_lexer_piece_sizes(TwLexer *lexer, uint8_t *least, uint8_t *most);
/* A signed number of 32 bits. */
bool tw_lexer_priority(TwLexer *lexer, int32_t *priority);
/* A letter and a number below `count`: r12. */
bool tw_lexer_id(TwLexer *lexer, char letter, unsigned count, uint8_t *id);
/* The same with an index: c0.1. */
bool tw_lexer_id_index(TwLexer *lexer, char letter, unsigned count,
                       unsigned indexes, uint8_t *id, uint8_t *index);
/* One of `count` names, as its number. */
bool tw_lexer_name(TwLexer *lexer, const char *(*name)(unsigned),
                   unsigned count, const char *what, uint8_t *value);
bool tw_lexer_perm(TwLexer *lexer, unsigned most, uint8_t *perm);
bool tw_lexer_attrs(TwLexer *lexer, TwAttrs *attrs);
/* unmap,map,deviotlb: one or more, or exactly one. */
bool tw_lexer_events(TwLexer *lexer, bool one, uint8_t *kinds);

/* How they are written; more of that is in text.h. */
void tw_write_events(GString *out, unsigned kinds);

#endif
