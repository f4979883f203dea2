/* SPDX-License-Identifier: MIT */
/* Functions for all targets; see target.h.  Must not know classes. */
#include "targets/target.h"

#include "process/beat.h"
#include "targets/file-fact.h"

G_DEFINE_QUARK(tw_target_error_quark, tw_target_error)

void tw_target_options_other(TwTargetOptions *options)
{
    if (options->against_qemu) {
        options->qemu = options->against_qemu;
    }
    if (options->against_qemu_args) {
        options->qemu_args = options->against_qemu_args;
    }
    options->against_qemu = options->against_qemu_args = NULL;
}

/* No class runs what its dialect does not admit. */
static bool refuses(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    char why[sizeof(trace->text)];

    if (tw_dialect_admits(tw_target_dialect(target), program, why,
                          sizeof(why))) {
        return false;
    }
    tw_trace_init(trace, program);
    trace->end = TW_END_UNSUPPORTED;
    trace->end_op = program->n_script; /* not in an operation */
    g_strlcpy(trace->text, why, sizeof(trace->text));
    return true;
}

void tw_targets_share(void)
{
    tw_file_facts_share();
}

typedef bool (*Run)(TwTarget *target, const TwProgram *program, TwTrace *trace);

/* Runs it unless the dialect refuses it; this time is the target's. */
static bool run(Run with, TwTarget *target, const TwProgram *program,
                TwTrace *trace)
{
    TwDoing before;
    bool alive;

    if (refuses(target, program, trace)) {
        return true;
    }
    before = tw_beat_enter(TW_DOING_TARGET);
    alive = with(target, program, trace);
    tw_beat_enter(before);
    return alive;
}

bool tw_target_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    return run(target->klass->run, target, program, trace);
}

bool tw_target_run_reference(TwTarget *target, const TwProgram *program,
                             TwTrace *trace)
{
    return run(target->klass->run_reference, target, program, trace);
}

void tw_target_close(TwTarget *target)
{
    if (target != NULL) {
        target->klass->close(target);
    }
}
