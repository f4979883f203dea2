/* SPDX-License-Identifier: MIT */
/* The options of the classes "qemu-..." as tables. */
#include "targets/qemu-options.h"
#include "targets/qemu/class.h"

static const char *const tlb_words[] = {"large", "small", NULL};

const TwTargetOption tw_qemu_ab_options[] = {
    TW_QEMU_OPTIONS_OF_BINARIES,
    {"tlb", TW_TARGET_CHOICE, TW_TARGET_FIELD(tlb), .words = tlb_words,
     .value = "SIZE",
     .help = "Size of QEMU's TLB: large (the default) or small, so that many "
             "pages compete for a slot"},
    TW_QEMU_OPTION_DROP_FLUSHES,
    TW_QEMU_OPTION_TIMEOUT,
    {.name = NULL},
};
