/* SPDX-License-Identifier: MIT */
/*
 * The class "unicorn-ab": runs each program on two engines of the library.  The
 * second engine has an empty hook on every load and store; with it the library
 * takes its slow path, which checks each access anew.
 */
#include <string.h>

#include "targets/unicorn/class.h"
#include "targets/unicorn/record.h"
#include "targets/unicorn/run.h"
#include "targets/unicorn/trigger.h"

typedef struct Pair {
    TwTarget target;
    TwTarget *fast, *slow;
} Pair;

static void pair_close(TwTarget *target)
{
    Pair *pair = (Pair *)target;

    tw_target_close(pair->fast);
    tw_target_close(pair->slow);
    g_free(pair);
}

static TwTarget *pair_open(const TwTargetOptions *options, GError **error)
{
    TwTargetOptions one = *options;
    Pair *pair;

    if (strcmp(options->name, "unicorn-ab") != 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "unicorn-ab: takes no argument");
        return NULL;
    }
    one.name = "unicorn";
    pair = g_new0(Pair, 1);
    pair->target.klass = &tw_unicorn_ab_class;
    pair->fast = tw_unicorn_class.open(&one, error);
    if (pair->fast != NULL) {
        pair->slow = tw_unicorn_class.open(&one, error);
    }
    if (pair->slow == NULL) {
        pair_close(&pair->target);
        return NULL;
    }
    tw_uc_take_slow_path((Machine *)pair->slow);
    return &pair->target;
}

static const TwDialect *dialect(TwTarget *target)
{
    return tw_target_dialect(((Pair *)target)->fast);
}

static const TwContract *contract(TwTarget *target)
{
    return tw_target_contract(((Pair *)target)->fast);
}

static const char *version(TwTarget *target)
{
    return tw_target_version(((Pair *)target)->fast);
}

static bool run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    return tw_target_run(((Pair *)target)->fast, program, trace);
}

static bool run_reference(TwTarget *target, const TwProgram *program,
                          TwTrace *trace)
{
    return tw_target_run(((Pair *)target)->slow, program, trace);
}

static bool emit(TwTarget *target, const TwProgram *program,
                 const TwFinding *finding, const TwExpected *expected,
                 GString *out, GError **error)
{
    return tw_uc_emit_of((Machine *)((Pair *)target)->fast, target, program,
                         finding, expected, out, error);
}

const TwTargetClass tw_unicorn_ab_class = {
    .name = "unicorn-ab",
    .options = tw_unicorn_options,
    .summary = "libunicorn against itself: with and without its fast path",
    .tells = true,
    .open = pair_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = run,
    .run_reference = run_reference,
    .emit = emit,
    .emits_hangs = true,
    .readable = true,
    .close = pair_close,
    .triggers = tw_uc_triggers,
    .triggers_met = tw_uc_triggers_met,
    .avoid = tw_uc_avoid,
    .call = tw_uc_call,
    .when = tw_uc_when,
    .title = tw_uc_pair_title,
};
