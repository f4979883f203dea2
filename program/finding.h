/* SPDX-License-Identifier: MIT */
/*
 * The result of judging one trace, as plain data, small enough to be sent
 * through a pipe as it is.
 */
#ifndef TW_PROGRAM_FINDING_H
#define TW_PROGRAM_FINDING_H

#include "program/trace.h"

/* In the order in which the first that applies is the verdict. */
typedef enum TwVerdict {
    TW_VERDICT_AGREE,
    TW_VERDICT_AGREE_STALE,
    TW_VERDICT_CRASH,
    TW_VERDICT_HANG,
    TW_VERDICT_MALFORMED,
    TW_VERDICT_SELF,
    TW_VERDICT_STALE,
    TW_VERDICT_PERM,
    TW_VERDICT_CLASS,
    TW_VERDICT_FAULT,
    TW_VERDICT_REASON,
    TW_VERDICT_WRONG,
    TW_VERDICT_EFFECT,
    TW_VERDICT_EVENT,
    TW_VERDICT_INVARIANT,
    TW_VERDICT_INCONCLUSIVE,
    TW_VERDICT_UNSUPPORTED,
    TW_VERDICT_FLAKY,
    TW_VERDICT_KNOWN, /* a finding that is on the list of known divergences */
    TW_VERDICTS
} TwVerdict;

const char *tw_verdict_name(unsigned verdict); /* "agree" ... */

/* Crash to invariant: a bug, of the target or (self) of twinwalk. */
bool tw_verdict_is_finding(unsigned verdict);

enum { TW_NO_OP = 0xffff };

enum { TW_KEY_SIZE = 32, TW_FINDING_TEXT = 800 };

typedef struct TwFinding {
    uint8_t verdict;  /* TwVerdict; the worst thing in the program */
    uint8_t known;    /* 1 + the number of the known divergence that it is, or
                       * 0 */
    uint8_t replays;  /* how often it was run again on a fresh target */
    uint8_t again;    /* and gave the same key; less: it is flaky */
    uint8_t starter;  /* 1 + the slot of the actor offset whose access is
                       * judged (LA-61), or 0: it is the operation itself */
    bool other;       /* of a target in two configurations, the other one is
                       * accused */
    uint16_t op;      /* the judged operation, or TW_NO_OP: the end state */
    uint16_t filled;  /* stale: the answer was current just before the change
                       * at `changed`; the last operation that could have
                       * filled it, or TW_NO_OP */
    uint16_t changed; /* stale: the operation that changed the link */
    uint16_t ended;   /* stale: the operation that should have ended it */
    char key[TW_KEY_SIZE];      /* letters only, NUL-terminated */
    char text[TW_FINDING_TEXT]; /* lines: expected, seen, why; no markup */
} TwFinding;

/* The operation that is accused, in the script or of an actor offset; NULL: the
 * end state, or none of the program. */
const TwOp *tw_finding_accused(const TwFinding *finding,
                               const TwProgram *program);

/* One outcome of an access that is allowed. */
typedef struct TwAllowed {
    uint8_t class_;      /* TwClass */
    uint8_t n_locations; /* where its bytes go; none where refused */
    uint64_t value;      /* that a read or fetch gives */
    TwLocation locations[TW_MAX_ACCESS];
    TwReason reason; /* where refused; kind NONE, too, if the target's dialect
                      * does not compare reasons */
} TwAllowed;

enum { TW_MAX_ALLOWED = 8 };

/* The expected outcome of the accused operation, for emit (TwTargetClass):
 * `class_`, `value` and `log` are those of the current outcome, allowed[0]; the
 * others are older ones. */
typedef struct TwExpected {
    bool access;     /* the finding accuses an access, */
    bool reads;      /* or an mpc-read: `value`, in its `known` bits; else
                      * its end state */
    uint8_t started; /* the access is the one of this number that actor offsets
                      * of the operation started (LA-61); 0: its own */
    bool starts;     /* how many of those it made is wrong: it must make from */
    unsigned starts_least, starts_most; /* to */
    uint32_t known;
    unsigned word;      /* which fetch of a run it is (LA-52), from 0 */
    uint8_t class_;     /* TwClass */
    uint64_t value;     /* that a read or fetch gives */
    unsigned n_allowed; /* TW_MAX_ALLOWED + 1: more than are here */
    TwAllowed allowed[TW_MAX_ALLOWED];
    /* Verdict event: event number `event` of those that this observer got, or
     * should have got; TW_NONE: another verdict. */
    uint8_t observer;
    unsigned event;
    bool owed; /* there should be one, namely: */
    TwEventRecord record;
    uint64_t out_low; /* which its `out` may have added */
    /* Verdict event: it is a range that a device was told of (LA-64), namely
     * `record`.  Address `address` of it does not lead there with the right
     * `right`; where it may lead, allowed[] says: one location, or none and
     * class OK (nothing is there), or another class (it is refused). */
    bool ranged;
    uint8_t right; /* TW_R or TW_W */
    uint64_t address;
    uint8_t block;   /* whose bytes at the end are wrong, or TW_NONE: */
    uint64_t digest; /* TwTrace.digests has this instead */
    /* What is wrong, if it is none of this: "what a dirty log notes"; or NULL.
     */
    const char *beyond;
    /* The byte that RAM block `block` holds at the end, where judging came
     * that far. */
    uint8_t (*ram)(const void *data, uint8_t block, uint64_t offset);
    const void *data;
    unsigned n_log; /* what devices are told, byte by byte (last: it
                     * is large, and not cleared with the rest) */
    TwLogRecord log[TW_MAX_TOLD];
} TwExpected;

/* Parts of a key.  Never depth, counts, sizes or addresses. */
typedef enum TwKeyLeaf {
    TW_KEY_LEAF_NONE,
    TW_KEY_LEAF_HOLE,
    TW_KEY_LEAF_RAM,
    TW_KEY_LEAF_ROM,
    TW_KEY_LEAF_ROMD,
    TW_KEY_LEAF_MMIO,
    TW_KEY_LEAF_RESERVATION,
    TW_KEY_LEAF_RAM_DEVICE,
    TW_KEY_LEAF_BLOCKED, /* the blocked device of an MPC */
    TW_KEY_LEAVES
} TwKeyLeaf;

typedef enum TwKeyLink {
    TW_KEY_LINK_NONE,
    TW_KEY_LINK_PAGE, /* page-map entry */
    TW_KEY_LINK_HOP,  /* IOMMU entry */
    TW_KEY_LINK_TOPOLOGY,
    TW_KEY_LINK_CODE, /* the bytes of an instruction */
    TW_KEY_LINK_MARK, /* an A or D bit of a page table (LA-55) */
    TW_KEY_LINKS
} TwKeyLink;

typedef enum TwKeyEvent {
    TW_KEY_EVENT_NONE,
    TW_KEY_EVENT_FLUSH,
    TW_KEY_EVENT_UNMAP,
    TW_KEY_EVENT_COMMIT,
    TW_KEY_EVENT_RESET,
    TW_KEY_EVENT_NEWER, /* the target had already given a newer answer */
    TW_KEY_EVENT_RESTORE,
    TW_KEY_EVENT_STORE, /* the CPU's own store to the code (FR-10) */
    TW_KEY_EVENTS
} TwKeyEvent;

/*
 * Writes the key of a finding: verdict, target (its letters, at most 8; for
 * "zoo:slug" only "zoo"), access, leaf, link, event, three letters or fewer
 * each, e.g. "StaSoftmmuRdRamHopUnm".  `code` is the judged operation's, or
 * TW_OP_NOP.  At most 26 letters.
 */
void tw_key_write(char key[TW_KEY_SIZE], TwVerdict verdict, const char *target,
                  TwOpCode code, TwKeyLeaf leaf, TwKeyLink link,
                  TwKeyEvent event);

/* Are these the keys of the same thing on one target or on two? */
bool tw_key_same_thing(const char *a, const char *b);

enum { TW_KEY_LEGEND = 160 }; /* room for the longest legend */

/*
 * Writes what the letters of a key mean into `line`: "Sta stale, Softmmu
 * target, Rd read, Ram RAM, Hop IOMMU entry changed, Unm UNMAP missed".  False
 * (do not use `line`) if `key` is not one that tw_key_write() makes of a
 * finding, or if there is no room.
 */
bool tw_key_legend(const char *key, char *line, size_t line_size);

/*
 * The line that a harness prints before it aborts; ClusterFuzz groups by it:
 * "ASSERTION FAILED: TwFuzzerHash=KEY verdict target", at most 80 bytes.
 */
void tw_finding_hash_line(const TwFinding *finding, const char *target,
                          char *line, size_t line_size);

#endif
