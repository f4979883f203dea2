/* SPDX-License-Identifier: MIT */
/*
 * The parts, in the order in which they build on each other; included once by
 * softmmu.c and once by zoo.c, so that both have all functions to themselves.
 * One unit rather than an object per part: the compiler can then put the
 * functions of one part into those of another, on the way of each access.
 */
#include "targets/softmmu/internal.h"
#include "targets/softmmu/zoo-hooks.h"

#include "targets/softmmu/tell.c"
#include "targets/softmmu/alloc.c"

#include "targets/softmmu/span.c"
#include "targets/softmmu/ram.c"
#include "targets/softmmu/view.c"
#include "targets/softmmu/dispatch.c"
#include "targets/softmmu/iotlb.c"
#include "targets/softmmu/notify.c"
#include "targets/softmmu/iommu-mpc.c"
#include "targets/softmmu/marks.c"
#include "targets/softmmu/iommu-pagetable.c"
#include "targets/softmmu/iommu-table.c"
#include "targets/softmmu/iommu.c"
#include "targets/softmmu/stage.c"
#include "targets/softmmu/tlb.c"
#include "targets/softmmu/cpu.c"
#include "targets/softmmu/dirty.c"
#include "targets/softmmu/fill.c"
#include "targets/softmmu/device.c"
#include "targets/softmmu/mapping.c"
#include "targets/softmmu/access.c"
#include "targets/softmmu/actors.c"
#include "targets/softmmu/paired.c"
#include "targets/softmmu/listen.c"
#include "targets/softmmu/graph.c"
#include "targets/softmmu/snapshot.c"
#include "targets/softmmu/invariants.c"
#include "targets/softmmu/run.c"

#include "targets/softmmu/zoo-access.c"
#include "targets/softmmu/zoo-cache.c"
#include "targets/softmmu/zoo-cells.c"
#include "targets/softmmu/zoo-iommu.c"
#include "targets/softmmu/zoo-view.c"
