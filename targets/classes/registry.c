/* SPDX-License-Identifier: MIT */
/* The target classes, and opening one by its name. */
#include "process/beat.h"
#include "targets/exec/exec.h"
#include "targets/classes/options.h"
#ifdef TW_HAVE_QEMU_AGENTS
#include "targets/mpc/class.h"
#include "targets/qemu/class.h"
#endif
#include "targets/qtest/class.h"
#include "targets/softmmu/softmmu.h"
#include "targets/target.h"
#ifdef TW_HAVE_UNICORN
#include "targets/unicorn/class.h"
#endif
#include "targets/zoo/zoo.h"

static const TwTargetClass *const classes[] = {
    &tw_softmmu_class,
    &tw_zoo_class,
#ifdef TW_HAVE_UNICORN
    &tw_unicorn_class,
    &tw_unicorn_ab_class,
    &tw_unicorn_vtlb_class,
    &tw_unicorn_snapshot_class,
#endif
#ifdef TW_HAVE_QEMU_AGENTS
    &tw_qemu_aarch64_class,
    &tw_qemu_x86_64_class,
    &tw_qemu_riscv64_class,
    &tw_qemu_ab_class,
    &tw_mpc_class,
    &tw_mpc_smp_class,
    &tw_mpc_dma_class,
#endif
    &tw_qtest_smmuv3_class,
    &tw_qtest_smmuv3_nested_class,
    &tw_qtest_riscv_iommu_class,
    &tw_qtest_riscv_iommu_nested_class,
    &tw_qtest_vtd_class,
    &tw_qtest_vtd_scalable_class,
    &tw_qtest_vtd_first_class,
    &tw_qtest_smmuv3_vhost_class,
    &tw_qtest_vtd_vhost_class,
    &tw_qtest_vtd_ats_class,
    &tw_qtest_vtd_ahci_class,
    &tw_qtest_virtio_vtd_class,
    &tw_qtest_amdvi_class,
    &tw_qtest_amdvi_vhost_class,
    &tw_qtest_virtio_iommu_class,
    &tw_qtest_virtio_iommu_vhost_class,
    &tw_exec_class,
    NULL,
};

const TwTargetClass *const *tw_target_classes(void)
{
    return classes;
}

static TwTarget *open_class(const TwTargetClass *klass,
                            const TwTargetOptions *options, GError **error)
{
    TwDoing before = tw_beat_enter(TW_DOING_TARGET);
    /* softmmu has quirks where it is compiled for the zoo. */
    TwTarget *target = klass == &tw_softmmu_class && options->quirks != NULL
                           ? tw_zoo_open_quirks(options, error)
                           : klass->open(options, error);

    tw_beat_enter(before);
    return target;
}

TwTarget *tw_target_open(const TwTargetOptions *options, GError **error)
{
    const TwTargetClass *klass = tw_target_class_of(options->name);
    g_autoptr(GString) names = NULL;

    if (klass != NULL) {
        return tw_target_options_fit(klass, options, error)
                   ? open_class(klass, options, error)
                   : NULL;
    }
    names = g_string_new(NULL);
    for (unsigned i = 0; classes[i] != NULL; i++) {
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               classes[i]->name);
    }
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                "unknown target '%s': expected one of %s", options->name,
                names->str);
    return NULL;
}
