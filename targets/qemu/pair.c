/* SPDX-License-Identifier: MIT */
/*
 * The class "qemu-ab": runs each program on two QEMUs, which may be of two
 * versions or have different options.  Both run it without open windows
 * (settle.c), so their answers must be equal.
 */
#include <stdio.h>
#include <string.h>

#include "targets/qemu/class.h"
#include "targets/qemu/internal.h"
#include "targets/qemu/trigger.h"

typedef struct Pair {
    TwTarget target;
    TwTarget *tested, *reference;
    TwContract contract;
    char version[160];
} Pair;

static void pair_close(TwTarget *target)
{
    Pair *pair = (Pair *)target;

    tw_target_close(pair->tested);
    tw_target_close(pair->reference);
    g_free(pair);
}

static TwTarget *open_one(const TwTargetClass *klass,
                          const TwTargetOptions *options, GError **error)
{
    TwTarget *target = klass->open(options, error);

    if (target != NULL) {
        ((Machine *)target)->settle = true;
    }
    return target;
}

/* The first without an architecture. */
static const TwTargetClass *class_named(const char *name, GError **error)
{
    static const TwTargetClass *const classes[] = {
        &tw_qemu_aarch64_class, &tw_qemu_x86_64_class, &tw_qemu_riscv64_class};
    const char *arch = strchr(name, ':');

    for (unsigned i = 0; i < G_N_ELEMENTS(classes); i++) {
        if (arch == NULL ||
            strcmp(classes[i]->name + strlen("qemu-"), arch + 1) == 0) {
            return classes[i];
        }
    }
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                "qemu-ab: expected qemu-ab:aarch64, qemu-ab:x86-64 or "
                "qemu-ab:riscv64, not \"%s\"",
                name);
    return NULL;
}

static TwTarget *pair_open(const TwTargetOptions *options, GError **error)
{
    const TwTargetClass *klass = class_named(options->name, error);
    TwTargetOptions one = *options;
    Pair *pair;

    if (klass == NULL) {
        return NULL;
    }
    pair = g_new0(Pair, 1);
    pair->target.klass = &tw_qemu_ab_class;
    one.name = klass->name;
    pair->tested = open_one(klass, &one, error);
    if (pair->tested != NULL) {
        one.drop_flushes = false;
        tw_target_options_other(&one);
        pair->reference = open_one(klass, &one, error);
    }
    if (pair->reference == NULL) {
        pair_close(&pair->target);
        return NULL;
    }
    pair->contract = *tw_target_contract(pair->tested);
    pair->contract.cpu_cache = false; /* no answer is an older one */
    snprintf(pair->version, sizeof(pair->version), "%s against %s",
             tw_target_version(pair->tested),
             tw_target_version(pair->reference));
    return &pair->target;
}

static const TwDialect *dialect(TwTarget *target)
{
    return tw_target_dialect(((Pair *)target)->tested);
}

static const TwContract *contract(TwTarget *target)
{
    return &((Pair *)target)->contract;
}

static const char *version(TwTarget *target)
{
    return ((Pair *)target)->version;
}

static bool run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    return tw_target_run(((Pair *)target)->tested, program, trace);
}

static bool run_reference(TwTarget *target, const TwProgram *program,
                          TwTrace *trace)
{
    return tw_target_run(((Pair *)target)->reference, program, trace);
}

const TwTargetClass tw_qemu_ab_class = {
    .name = "qemu-ab",
    .forms = "qemu-ab:ARCH",
    .options = tw_qemu_ab_options,
    .summary = "a stock QEMU against another one, or against itself with "
               "other options",
    .elsewhere = true,
    .open = pair_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = run,
    .run_reference = run_reference,
    .close = pair_close,
    .triggers = tw_qemu_triggers,
    .triggers_met = tw_qemu_triggers_met,
    .avoid = tw_qemu_avoid,
};
