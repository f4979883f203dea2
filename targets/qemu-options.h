/* SPDX-License-Identifier: MIT */
/* Rows of tables of options that the classes "qemu-..." share. */
#ifndef TW_TARGETS_QEMU_OPTIONS_H
#define TW_TARGETS_QEMU_OPTIONS_H

#include "targets/target.h"

/* The binary. */
#define TW_QEMU_OPTIONS_OF_BINARY \
    {"qemu", TW_TARGET_TEXT, TW_TARGET_FIELD(qemu), .value = "PATH", \
     .help = "The QEMU to run (default: qemu-system-... of the PATH)"}, \
    { \
        "qemu-args", TW_TARGET_TEXT, TW_TARGET_FIELD(qemu_args), \
            .value = "ARGS", \
            .help = "More options for QEMU, as a shell reads them" \
    }

/* The binaries: the one, and the other of a pair. */
#define TW_QEMU_OPTIONS_OF_BINARIES \
    {"against-qemu", TW_TARGET_TEXT, TW_TARGET_FIELD(against_qemu), \
     .value = "PATH", \
     .help = "The other QEMU of a pair, or of check --against (default: as " \
             "--qemu)"}, \
        {"against-qemu-args", TW_TARGET_TEXT, \
         TW_TARGET_FIELD(against_qemu_args), .value = "ARGS", \
         .help = "Its options (default: as --qemu-args)"}, \
        TW_QEMU_OPTIONS_OF_BINARY

#define TW_QEMU_OPTION_DROP_FLUSHES \
    { \
        "drop-flushes", TW_TARGET_SWITCH, TW_TARGET_FIELD(drop_flushes), \
            .help = \
                "Leave out one invalidation in four, to see that it is found" \
    }

#define TW_QEMU_OPTION_TIMEOUT \
    { \
        "timeout", TW_TARGET_MILLISECONDS, TW_TARGET_FIELD(timeout_ms), \
            .value = "MS", \
            .help = "Time limit for one operation in ms " \
                    "(default " G_STRINGIFY(TW_TIMEOUT_MS) ")", \
            .any_target = true \
    }

#endif
