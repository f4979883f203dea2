/* SPDX-License-Identifier: MIT */
/*
 * Known divergences: defects of real targets that are understood, so that new
 * ones stand out.  An entry recognises a known finding by the version of the
 * target, the key and the outcome of the finding, and the triggers on the path
 * of the accused operation (TwTargetClass: triggers).  A finding that matches
 * is `known`: it is counted, but its case is not kept.  Most random programs
 * avoid the triggers of entries.
 *
 * The lists are key files (corpus/known/README.md); one is built in.
 */
#ifndef TW_FUZZ_RUN_KNOWN_H
#define TW_FUZZ_RUN_KNOWN_H

#include "program/rng.h"
#include "targets/target.h"

enum { TW_MAX_KNOWN = 128 };

/* After this many programs that meet the triggers of an entry without matching
 * it, the entry is reported as never matching.  (Of the built-in entries, one
 * program in ten to two in three match.) */
enum { TW_KNOWN_ENOUGH = 100 };

#define TW_KNOWN_ERROR (tw_known_error_quark())
GQuark tw_known_error_quark(void);

typedef struct TwKnownEntry {
    char *name;
    char *reason, *link; /* one line each */
    GDate expires;       /* the last day without a reminder */
    bool active;         /* is for the selected target and version */
    uint64_t triggers;   /* of the selected target; any of them */
} TwKnownEntry;

typedef struct TwKnown TwKnown;

/* An empty list; the built-in one.  Free with tw_known_free(). */
TwKnown *tw_known_new(void);
TwKnown *tw_known_new_builtin(void);
void tw_known_free(TwKnown *known);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwKnown, tw_known_free)

/*
 * Adds the entries of a file; one replaces an entry of the same name that an
 * earlier list has.  False with `error` (TW_KNOWN_ERROR: "FILE:
 * [entry] key: expected ...") if the file cannot be read or is not such a list;
 * then nothing is added.
 */
bool tw_known_add_file(TwKnown *known, const char *path, GError **error);
/* The same for text; messages call the file `name`. */
bool tw_known_add_text(TwKnown *known, const char *text, size_t length,
                       const char *name, GError **error);
/* Takes the entry of this name off the list; false: there is none. */
bool tw_known_remove(TwKnown *known, const char *name);

unsigned tw_known_n_entries(const TwKnown *known);
const TwKnownEntry *tw_known_entry(const TwKnown *known, unsigned i);

/*
 * Makes the entries for this target and version active.  Of each list, a
 * version that is newer than all that it names for the emulator counts as the
 * newest of these (tw_known_newer() tells).  False with `error` if such an
 * entry names a trigger that the class does not have.  Of a target in two
 * configurations (TwTargetClass.other), `version` may be "A against B": then
 * those for either are active, and each matches the findings of its own.
 * `dialect` is the target's, and is copied: a program outside it is refused, so
 * it meets no trigger, matches no entry, and is left as it is.
 */
bool tw_known_select(TwKnown *known, const TwTargetClass *klass,
                     const TwDialect *dialect, const char *target,
                     const char *version, GError **error);

/* After that: the i-th list that is older than the version, as a line for the
 * user; NULL: there are no more.  `known` may be NULL. */
const char *tw_known_newer(const TwKnown *known, unsigned i);

/* The first active entry that a finding matches, or -1.  `known` may be NULL.
 * Allocates nothing. */
int tw_known_match(const TwKnown *known, const TwProgram *program,
                   const TwFinding *finding);

/* All active entries that a finding matches, in the order of the list, into
 * `entries` (room for TW_MAX_KNOWN numbers); returns how many.  `known` may be
 * NULL.  Allocates nothing. */
unsigned tw_known_match_all(const TwKnown *known, const TwProgram *program,
                            const TwFinding *finding, uint8_t *entries);

/* Is an entry for findings with such an outcome (its key `outcome`)?  Whatever
 * their key and triggers. */
bool tw_known_fits_outcome(const TwKnown *known, unsigned i,
                           const TwFinding *finding);

/* The triggers of active entries on the path of a finding, whatever its key
 * (bits of the selected class).  `known` may be NULL. */
uint64_t tw_known_path(const TwKnown *known, const TwProgram *program,
                       const TwFinding *finding);

/* Adds 1 to met[i] of each active entry i whose triggers a program meets
 * anywhere.  `known` may be NULL.  Allocates nothing. */
void tw_known_count_met(const TwKnown *known, const TwProgram *program,
                        uint64_t met[TW_MAX_KNOWN]);

/*
 * Makes a random program avoid triggers of active entries: of all, in 14 of
 * 16 programs; of all but one in one; of none in one.  Draws from `rng`.  Does
 * nothing where there is nothing to avoid, or `known` is NULL.  True if the
 * program may meet triggers still.
 */
bool tw_known_avoid(const TwKnown *known, TwProgram *program, TwRng *rng);
/* The same for all triggers. */
void tw_known_avoid_all(const TwKnown *known, TwProgram *program);

/* The triggers of all active entries; 0 if `known` is NULL. */
uint64_t tw_known_triggers(const TwKnown *known);
/* Makes a program avoid these of them. */
void tw_known_avoid_these(const TwKnown *known, TwProgram *program,
                          uint64_t triggers);

/* The same for those triggers that the process of the target can die of: for
 * programs that run in this process. */
void tw_known_avoid_deadly(const TwKnown *known, TwProgram *program);

/* Is an entry active?  NULL: none is. */
bool tw_known_any_active(const TwKnown *known);

#endif
