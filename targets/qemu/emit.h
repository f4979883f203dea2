/* SPDX-License-Identifier: MIT */
/* What emit.c needs of an architecture: text of the scripts that it writes. */
#ifndef TW_TARGETS_QEMU_EMIT_H
#define TW_TARGETS_QEMU_EMIT_H

#include <glib.h>
#include <stdbool.h>

#include "targets/qemu/mailbox.h"

/*
 * The assembly of a script is: `head`, with the macros; rows of `store` and
 * `fill`, which make RAM as it is at the start, without an MMU; `on`, which
 * switches it on and drops all; a block for each operation; `tail`, which
 * prints a line for each access and ends the machine.
 */
typedef struct EmitArch {
    const char *title;   /* "AArch64" */
    const char *manual;  /* where to look up what is expected */
    const char *compile; /* options of clang, after those of all */
    const char *linker;  /* a linker script, or "" */
    const char *options; /* QEMU's, the last of which takes the built file */
    const char *head, *on, *tail;
    const char *grow;     /* makes the TLB of a small guest larger */
    const char *answer;   /* shell: `kind` and `way` of the fault $1 $2 */
    const char *nowhere;  /* the `kind` of a fault where nothing is */
    uint64_t top;         /* offset in RAM of a table above both roots, or 0 */
    bool exchange_stores; /* a fault of an exchange is one of a store */
    const char *flush_many; /* the flush of a long range: "all", "index" */
    /* Flushes `pages` pages from `addr` on; NULL: page by page. */
    void (*flush_range)(GString *out, uint64_t addr, uint64_t pages);
} EmitArch;

extern const EmitArch tw_qemu_emit_aarch64, tw_qemu_emit_x86_64,
    tw_qemu_emit_riscv64;

#endif
