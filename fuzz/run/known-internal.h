/* SPDX-License-Identifier: MIT */
/*
 * The list of known divergences from inside (known.h): known.c makes and uses
 * it, known-read.c reads lists, known-select.c chooses the entries for a
 * target.
 */
#ifndef TW_FUZZ_RUN_KNOWN_INTERNAL_H
#define TW_FUZZ_RUN_KNOWN_INTERNAL_H

#include "fuzz/run/known.h"

/* An entry, prepared for matching. */
typedef struct TwKnownItem {
    TwKnownEntry public;
    GPatternSpec *target;
    char *from, *to;    /* versions, both inclusive; NULL: open */
    GPtrArray *keys;    /* GPatternSpec */
    char **path;        /* names of triggers, or empty */
    bool first, second; /* is for the version; for that of the target's other
                         * configuration */
    char *quirk;        /* that the version must name, or NULL */
    bool same, other;   /* is for findings with the right class of outcome; for
                         * those with another one, or without one */
    char *family;       /* of targets: the letters and digits that `target`
                         * begins with */
    unsigned list;      /* number of the list that it is from */
} TwKnownItem;

struct TwKnown {
    GPtrArray *entries;         /* TwKnownItem */
    GPtrArray *lists;           /* names of the lists */
    GPtrArray *newer;           /* what tw_known_newer() tells */
    const TwTargetClass *klass; /* the selected one */
    TwDialect dialect;          /* of the selected target */
    uint64_t avoid;
};

/* known-read.c. */
void tw_known_item_free(void *item);
/* How many letters and digits a name begins with: the emulator of a target. */
size_t tw_known_family(const char *name);

#endif
