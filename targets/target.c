/* SPDX-License-Identifier: MIT */
/* Functions for all targets; see target.h.  Must not know classes. */
#include "targets/target.h"

G_DEFINE_QUARK(tw_target_error_quark, tw_target_error)

/* No class runs what its dialect does not admit. */
static bool refuses(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    char why[sizeof(trace->text)];

    if (tw_dialect_admits(tw_target_dialect(target), program, why,
                          sizeof(why))) {
        return false;
    }
    tw_trace_init(trace);
    trace->end = TW_END_UNSUPPORTED;
    trace->end_op = program->n_script; /* not in an operation */
    g_strlcpy(trace->text, why, sizeof(trace->text));
    return true;
}

bool tw_target_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    return refuses(target, program, trace) ||
           target->klass->run(target, program, trace);
}

bool tw_target_run_reference(TwTarget *target, const TwProgram *program,
                             TwTrace *trace)
{
    return refuses(target, program, trace) ||
           target->klass->run_reference(target, program, trace);
}

void tw_target_close(TwTarget *target)
{
    if (target != NULL) {
        target->klass->close(target);
    }
}
