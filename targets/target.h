/* SPDX-License-Identifier: MIT */
/*
 * The interface of all targets: a whole program in, a whole trace out.  Each
 * `run` starts with a fresh machine; no earlier run influences it.
 */
#ifndef TW_TARGETS_TARGET_H
#define TW_TARGETS_TARGET_H

#include <glib.h>

#include "program/dialect.h"
#include "program/finding.h"
#include "program/trace.h"

#define TW_TARGET_ERROR (tw_target_error_quark())
GQuark tw_target_error_quark(void);
enum {
    TW_TARGET_ERROR_USAGE, /* unknown target, slug or option value: exit 2 */
    TW_TARGET_ERROR_ENVIRONMENT, /* cannot be started: exit 99 */
};

typedef struct TwTarget TwTarget;
typedef struct TwTargetClass TwTargetClass;

typedef enum TwNarrow { TW_NARROW_WORD, TW_NARROW_AS_IS } TwNarrow;
typedef enum TwTlbSize { TW_TLB_LARGE, TW_TLB_SMALL } TwTlbSize;
typedef enum TwFlushMode { TW_FLUSH_ALL_ENTRIES, TW_FLUSH_PAGES } TwFlushMode;

/* Limit in ms with which a target hangs (process/watch.h), unless
 * TwTargetOptions names one; --help shows it, so it is a macro. */
#define TW_TIMEOUT_MS 10000

/*
 * Receives reports of what a target does to its caches and notifiers.  `op`:
 * the current script operation, or TW_NO_OP: before the script; `kind` is a
 * word
 * ("fill"), `text` a line without newline, with the ids of rules.  The reports
 * of one operation come in the order of events.  Both texts are valid until the
 * return only.
 */
typedef struct TwTeller {
    void (*tell)(void *data, uint16_t op, const char *kind, const char *text);
    void *data;
} TwTeller;

/* Options of all targets.  A class lists those that it takes (TwTargetOption);
 * the rest must be zero. */
typedef struct TwTargetOptions {
    const char *name;      /* as the user gave it: "softmmu", "zoo:slug",
                            * "exec:COMMAND" */
    TwFlushMode flush;     /* what an UNMAP flushes */
    TwNarrow narrow;       /* how a device gets what is too narrow (LA-50) */
    bool hide_locations;   /* traces do not say where */
    bool check;            /* internal invariants are tested after every
                            * operation */
    const char *quirks;    /* of QEMU that the target has, with commas between;
                            * NULL: none */
    bool strict;           /* translated code must follow at once */
    uint32_t timeout_ms;   /* limit with which it hangs; 0: TW_TIMEOUT_MS */
    const char *library;   /* path of a libunicorn; NULL: the installed one */
    const char *qemu;      /* path of a QEMU; NULL: the installed one */
    TwTlbSize tlb;         /* how large a QEMU keeps its TLB */
    bool drop_flushes;     /* one invalidation in four is left out */
    const char *qemu_args; /* shell words for it, or NULL */
    bool wide;             /* devices reach addresses of 64 bits */
    const char *only_commands; /* families of commands that programs may have,
                                * with commas between; NULL: all */
    /* The same of the other target, if two are compared; NULL: as above. */
    const char *against_qemu, *against_qemu_args;
    /* The target writes the number of the operation here before each operation,
     * for the process that watches it.  NULL: nothing is written. */
    volatile uint32_t *in_flight;
    /* NULL, or must outlive the target, which tells it what it can: softmmu
     * and the zoo cache events, unicorn its calls of the library. */
    const TwTeller *teller;
} TwTargetOptions;

struct TwTarget {
    const TwTargetClass *klass;
};

/* A named circumstance of a program: a known defect needs it to show. */
typedef struct TwTriggerInfo {
    const char *name, *meaning;
    bool deadly; /* the process of the target can die of the defect */
} TwTriggerInfo;

enum { TW_MAX_TRIGGERS = 32 };

typedef enum TwTargetOptionType {
    TW_TARGET_SWITCH,       /* --name: 1 */
    TW_TARGET_CHOICE,       /* --name WORD: the number of the word */
    TW_TARGET_MILLISECONDS, /* --name MS: 1 to INT32_MAX; the default is 0 */
    TW_TARGET_TEXT,         /* --name TEXT, not empty; the default is NULL */
} TwTargetOptionType;

/* A row of a class's table of options. */
typedef struct TwTargetOption {
    const char *name; /* without dashes */
    TwTargetOptionType type;
    size_t field, size;       /* where it stands in TwTargetOptions: a bool, 32
                               * bits or a text; 0 is the default */
    const char *const *words; /* of a choice, the default first; ends in NULL */
    const char *value;        /* of what --help shows: "MODE"; NULL: none */
    const char *help;
    bool any_target; /* the command gives it a meaning for all targets */
} TwTargetOption;

/* The place of a member of TwTargetOptions, for a row. */
#define TW_TARGET_FIELD(member) \
    .field = offsetof(TwTargetOptions, member), \
    .size = sizeof(((TwTargetOptions *)NULL)->member)

struct TwTargetClass {
    const char *name; /* [a-z0-9-]+ */
    const char *summary;
    const char *forms;             /* how a user may name it, if not by `name`:
                                    * "zoo:SLUG" */
    const TwTargetOption *options; /* ended by a NULL name; NULL: none */
    bool tells;                    /* heeds TwTargetOptions.teller */
    bool peaks;       /* its traces have peaks (TwPeak), and no program ends the
                       * process that runs it */
    bool elsewhere;   /* runs programs in another process */
    bool emits_hangs; /* `emit` writes hangs, too */
    bool readable;    /* programs may have TW_CONTENTS_READABLE, for `emit` */
    TwTarget *(*open)(const TwTargetOptions *options, GError **error);
    const TwDialect *(*dialect)(TwTarget *target);
    const TwContract *(*contract)(TwTarget *target);
    const char *(*version)(TwTarget *target);
    /* Of a program that the dialect admits.  False: the target is lost (it died
     * and could not be started again); true otherwise, whatever the trace
     * says. */
    bool (*run)(TwTarget *target, const TwProgram *program, TwTrace *trace);
    /* Optional: the same on a reference of the target's own.  Then the runner
     * compares the two traces, and no oracle is asked. */
    bool (*run_reference)(TwTarget *target, const TwProgram *program,
                          TwTrace *trace);
    /* Optional: the same in another configuration, which the target owns; NULL:
     * there is none.  The runner runs each program on it, too; the oracle
     * judges both. */
    TwTarget *(*other)(TwTarget *target);
    /* Optional: runs the program once more and appends a reproducer in the
     * language of the target's maintainers, complete in itself.  After a
     * crash, which must not happen in this process, `expected` says nothing.
     * False with `error` (TW_TARGET_ERROR) if the finding cannot be told that
     * way. */
    bool (*emit)(TwTarget *target, const TwProgram *program,
                 const TwFinding *finding, const TwExpected *expected,
                 GString *out, GError **error);
    /* Optional: the same as a test in the style of the maintainers' own suite,
     * which needs that. */
    bool (*emit_test)(TwTarget *target, const TwProgram *program,
                      const TwFinding *finding, const TwExpected *expected,
                      GString *out, GError **error);
    /* Optional, of a class that runs programs in another process: an exchange
     * with it in which nothing is done.  False: the target is lost. */
    bool (*ping)(TwTarget *target);
    void (*close)(TwTarget *target);

    /*
     * Optional, all three or none; told from the program, nothing is run.  They
     * take any program that is well formed: one that no target of the class
     * runs meets no trigger and stays as it is.
     * `triggers` is ended by a NULL name; bit i of a set is triggers[i].
     */
    const TwTriggerInfo *triggers;
    /* Those that were met on the path of the accused operation: before or at
     * it, where its access goes; anywhere, if it is not an access. */
    uint64_t (*triggers_met)(const TwProgram *program,
                             const TwFinding *finding);
    /* Edits an admitted program so that it meets none of `triggers`, and
     * stays admitted.  Operations keep their numbers. */
    void (*avoid)(TwProgram *program, uint64_t triggers);

    /* Optional, for titles: what the maintainers call that which performs an
     * operation of the script ("uc_mem_protect"), or NULL: they have no word;
     * the circumstance of a finding, as the end of a sentence ("after ..."), or
     * NULL.  Told from the program, nothing is run; the texts are static. */
    const char *(*call)(const TwProgram *program, const TwOp *op);
    const char *(*when)(const TwProgram *program, const TwFinding *finding);
    /* Optional: appends the whole title of a finding that the class can tell
     * better than tw_target_title() does from the finding alone; false: nothing
     * is appended. */
    bool (*title)(const TwProgram *program, const TwFinding *finding,
                  GString *title);
};

/* All classes, ended by NULL. */
const TwTargetClass *const *tw_target_classes(void);

/* The class of "CLASS" or "CLASS:ARGUMENT", or NULL. */
const TwTargetClass *tw_target_class_of(const char *name);

/* Makes the options of one target those of the other that it is compared with:
 * what `against_...` say takes its place. */
void tw_target_options_other(TwTargetOptions *options);

/*
 * Opens the target that options->name names ("CLASS" or "CLASS:ARGUMENT").
 * NULL with `error` set (TW_TARGET_ERROR) if there is no such target, it does
 * not take one of the options, or it cannot be started.  Close with
 * tw_target_close().
 */
TwTarget *tw_target_open(const TwTargetOptions *options, GError **error);

/* To be called before a fork: what the targets of one process find out about a
 * QEMU, those of others need not ask again. */
void tw_targets_share(void);

static inline const TwDialect *tw_target_dialect(TwTarget *t)
{
    return t->klass->dialect(t);
}
static inline const TwContract *tw_target_contract(TwTarget *t)
{
    return t->klass->contract(t);
}
static inline const char *tw_target_version(TwTarget *t)
{
    return t->klass->version(t);
}
static inline TwTarget *tw_target_other(TwTarget *t)
{
    return t->klass->other ? t->klass->other(t) : NULL;
}
/* Runs a program; one outside the dialect is not run: TW_END_UNSUPPORTED, and
 * the trace's text is the reason. */
bool tw_target_run(TwTarget *target, const TwProgram *program, TwTrace *trace);
/* The same on the reference that the class has. */
bool tw_target_run_reference(TwTarget *target, const TwProgram *program,
                             TwTrace *trace);
void tw_target_close(TwTarget *target);

/*
 * Appends a title of a finding of this class to `title`: one line that says
 * what is wrong, in the words of the target's maintainers, without a full stop
 * ("uc_mem_protect: loads still succeed after R was taken away").  Told from
 * the program and the finding, whose `text` and numbers of operations it needs;
 * nothing is run.
 */
void tw_target_title(const TwTargetClass *klass, const TwProgram *program,
                     const TwFinding *finding, GString *title);

/* For titles: does the line of the finding's text that begins with `label`
 * ("expected", "seen") name a refusal? */
bool tw_title_is_refusal(const TwFinding *finding, const char *label);

#endif
