/* SPDX-License-Identifier: MIT */
/* The targets that run a stock QEMU without a guest, for its virtual IOMMUs. */
#ifndef TW_TARGETS_QTEST_CLASS_H
#define TW_TARGETS_QTEST_CLASS_H

#include "targets/target.h"

extern const TwTargetClass tw_qtest_smmuv3_class, tw_qtest_smmuv3_nested_class,
    tw_qtest_riscv_iommu_class, tw_qtest_riscv_iommu_nested_class,
    tw_qtest_vtd_class, tw_qtest_vtd_scalable_class, tw_qtest_vtd_first_class,
    tw_qtest_smmuv3_vhost_class, tw_qtest_vtd_vhost_class,
    tw_qtest_vtd_ats_class, tw_qtest_vtd_ahci_class, tw_qtest_virtio_vtd_class,
    tw_qtest_amdvi_class, tw_qtest_amdvi_vhost_class,
    tw_qtest_virtio_iommu_class, tw_qtest_virtio_iommu_vhost_class;

/* title.c: row `call` of the classes. */
const char *tw_qtest_call(const TwProgram *program, const TwOp *op);
const char *tw_qtest_call_request(const TwProgram *program, const TwOp *op);

#endif
