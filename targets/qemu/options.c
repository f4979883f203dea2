/* SPDX-License-Identifier: MIT */
/* The options of the classes "qemu-..." as tables. */
#include "targets/qemu/class.h"

static const char *const tlb_words[] = {"large", "small", NULL};

const TwTargetOption tw_qemu_ab_options[] = {
    {"against-qemu", TW_TARGET_TEXT, TW_TARGET_FIELD(against_qemu),
     .value = "PATH",
     .help = "The other QEMU of a pair, or of check --against (default: as "
             "--qemu)"},
    {"against-qemu-args", TW_TARGET_TEXT, TW_TARGET_FIELD(against_qemu_args),
     .value = "ARGS", .help = "Its options (default: as --qemu-args)"},
    {"qemu", TW_TARGET_TEXT, TW_TARGET_FIELD(qemu), .value = "PATH",
     .help = "The QEMU to run (default: qemu-system-... of the PATH)"},
    {"qemu-args", TW_TARGET_TEXT, TW_TARGET_FIELD(qemu_args), .value = "ARGS",
     .help = "More options for QEMU, as a shell reads them"},
    {"tlb", TW_TARGET_CHOICE, TW_TARGET_FIELD(tlb), .words = tlb_words,
     .value = "SIZE",
     .help = "Size of QEMU's TLB: large (the default) or small, so that many "
             "pages compete for a slot"},
    {"drop-flushes", TW_TARGET_SWITCH, TW_TARGET_FIELD(drop_flushes),
     .help = "Leave out one invalidation in four, to see that it is found"},
    {"timeout", TW_TARGET_MILLISECONDS, TW_TARGET_FIELD(timeout_ms),
     .value = "MS",
     .help = "Time limit for one operation in ms "
             "(default " G_STRINGIFY(TW_TIMEOUT_MS) ")",
     .any_target = true},
    {.name = NULL},
};
