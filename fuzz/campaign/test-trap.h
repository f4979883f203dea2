/* SPDX-License-Identifier: MIT */
/*
 * Target classes that behave badly, for tests of campaigns only: each is
 * softmmu with a trap in it.  A program whose hash falls into the trap dies,
 * hangs ... This defines what registry.c defines elsewhere.
 */
#ifndef TW_FUZZ_CAMPAIGN_TEST_TRAP_H
#define TW_FUZZ_CAMPAIGN_TEST_TRAP_H

#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/campaign/internal.h"
#include "targets/softmmu/softmmu.h"

typedef struct Trap {
    TwTarget base;
    TwTarget *inner;
    const char *kind;
    unsigned runs; /* of this instance */
} Trap;

enum { SEED = 42 };

static pid_t main_pid;
static unsigned *turns; /* of the moody trap, in all processes */

static bool trapped(const TwProgram *program)
{
    return tw_program_hash(program) % 97 == 5;
}

static bool trap_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    Trap *t = (Trap *)target;
    bool ok;

    t->runs++;
    if (trapped(program)) {
        if (strcmp(t->kind, "segv") == 0) {
            signal(SIGSEGV, SIG_DFL); /* not the sanitizer's */
            raise(SIGSEGV);
        } else if (strcmp(t->kind, "exit") == 0) {
            _exit(3);
        } else if (strcmp(t->kind, "hang") == 0) {
            for (;;) {
                pause();
            }
        } else if ((strcmp(t->kind, "used") == 0 && t->runs > 1) ||
                   (strcmp(t->kind, "moody") == 0 && (*turns)++ % 3 < 2)) {
            signal(SIGSEGV, SIG_DFL);
            raise(SIGSEGV);
        }
    }
    ok = tw_target_run(t->inner, program, trace);
    if (trapped(program) &&
        (strcmp(t->kind, "wrong") == 0 ||
         (strcmp(t->kind, "carries") == 0 && t->runs > 1))) {
        trace->end = TW_END_INVARIANT;
        trace->end_op = 0;
    }
    return ok;
}

static const TwDialect *trap_dialect(TwTarget *target)
{
    return tw_target_dialect(((Trap *)target)->inner);
}

static const TwContract *trap_contract(TwTarget *target)
{
    return tw_target_contract(((Trap *)target)->inner);
}

static const char *trap_version(TwTarget *target)
{
    (void)target;
    return "trap";
}

static void trap_close(TwTarget *target)
{
    tw_target_close(((Trap *)target)->inner);
    g_free(target);
}

static const TwTriggerInfo trap_triggers[] = {{"trap", "the trap", false},
                                              {NULL, NULL, false}};

static uint64_t trap_met(const TwProgram *program, const TwFinding *finding)
{
    (void)finding;
    return trapped(program);
}

static void trap_avoid(TwProgram *program, uint64_t triggers)
{
    (void)triggers;
    while (trapped(program) && program->n_script > 0) {
        program->n_script--;
    }
}

static const TwTargetClass trap_class = {
    .name = "trap",
    .summary = "softmmu with a trap",
    .dialect = trap_dialect,
    .contract = trap_contract,
    .version = trap_version,
    .run = trap_run,
    .triggers = trap_triggers,
    .triggers_met = trap_met,
    .avoid = trap_avoid,
    .close = trap_close,
};

static const TwTargetClass *const classes[] = {&trap_class, NULL};

const TwTargetClass *const *tw_target_classes(void)
{
    return classes;
}

TwTarget *tw_target_open(const TwTargetOptions *options, GError **error)
{
    TwTargetOptions inner = *options;
    Trap *t;

    if (strcmp(options->name, "none") == 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE, "no trap");
        return NULL;
    }
    if (strcmp(options->name, "unborn") == 0 && getpid() != main_pid) {
        _exit(1);
    }
    if (strcmp(options->name, "late") == 0 && getpid() != main_pid) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "not now");
        return NULL;
    }
    t = g_new0(Trap, 1);
    t->base.klass = &trap_class;
    inner.name = "softmmu";
    t->inner = tw_softmmu_class.open(&inner, error);
    t->kind = options->name;
    g_assert_nonnull(t->inner);
    return &t->base;
}

#endif
