/* SPDX-License-Identifier: MIT */
/* Inside this folder only: a text being parsed, and its declarations. */
#ifndef TW_PROGRAM_TEXT_OBJECT_H
#define TW_PROGRAM_TEXT_OBJECT_H

#include "program/check.h"
#include "program/text/lexer.h"

typedef struct TwTextPlace {
    unsigned line, column; /* of the first word; line 0: nowhere */
} TwTextPlace;

enum { TW_TEXT_DECLARATIONS, TW_TEXT_SETUP, TW_TEXT_SCRIPT };

/* An IOMMU's granule is the page size, which may still come: see the defaults.
 */
enum { TW_GRANULE_OF_PAGE = 0 };

typedef struct TwParser {
    TwLexer lexer;
    TwProgram *p;
    unsigned section;
    TwSpot spot; /* what the current line is about */
    TwTextPlace scalars[TW_SPOT_SAFEPOINTS + 1];
    TwTextPlace regions[TW_MAX_REGIONS];
    TwTextPlace spaces[TW_MAX_SPACES];
    TwTextPlace iommus[TW_MAX_IOMMUS];
    TwTextPlace cpus[TW_MAX_CPUS];
    TwTextPlace mmus[TW_MAX_CPUS * TW_MAX_MMU_INDEXES];
    TwTextPlace actors[TW_MAX_ACTORS];
    TwTextPlace setup[TW_MAX_SETUP];
    TwTextPlace script[TW_MAX_SCRIPT];
} TwParser;

/*
 * Each reads one line behind its first word.  If it is understood, the object
 * is in the program and `spot` names it; if not, the program is as before.
 */
bool tw_text_region(TwParser *parser);
bool tw_text_space(TwParser *parser);
bool tw_text_iommu(TwParser *parser);
bool tw_text_cpu(TwParser *parser);
bool tw_text_mmu(TwParser *parser);

/* When all lines are read: what regions and CPUs name without a line. */
void tw_text_defaults(TwParser *parser);

#endif
