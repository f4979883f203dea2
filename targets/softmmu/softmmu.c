/* SPDX-License-Identifier: MIT */
/*
 * The class "softmmu": the parts as one unit, without bugs.  internal.h says
 * what the parts are.
 */
#include "targets/softmmu/softmmu.h"

#include "targets/softmmu/parts.h"

static TwTarget *softmmu_open(const TwTargetOptions *options, GError **error)
{
    Machine *m;

    if (name_argument(options) != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "softmmu: takes no argument");
        return NULL;
    }
    m = machine_open(&tw_softmmu_class, options, error);
    return m != NULL ? &m->target : NULL;
}

const TwTargetClass tw_softmmu_class = {
    .name = "softmmu",
    .summary = "built-in soft TLB with flat views and IOMMU notifiers",
    .tells = true,
    .open = softmmu_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = run,
    .emit = emit,
    .close = machine_close,
};

void tw_softmmu_set_full_rebuild(TwTarget *target, bool on)
{
    g_return_if_fail(target->klass == &tw_softmmu_class);
    ((Machine *)target)->full_rebuild = on;
}

void tw_softmmu_set_check(TwTarget *target, bool on)
{
    g_return_if_fail(target->klass == &tw_softmmu_class);
    ((Machine *)target)->check = on;
}
