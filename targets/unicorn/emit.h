/* SPDX-License-Identifier: MIT */
/* A reproducer at work: what emit.c and emit-look.c share. */
#ifndef TW_TARGETS_UNICORN_EMIT_H
#define TW_TARGETS_UNICORN_EMIT_H

#include "targets/unicorn/record.h"

typedef struct Emit {
    Machine *machine;
    const TwProgram *program;
    const TwFinding *finding;
    const TwExpected *expected;
    Recorder recorder;
    GString *out;
    TwRegionSet blocks;             /* RAM blocks that are mapped */
    unsigned pages[TW_MAX_REGIONS]; /* of each block, from its first */
    unsigned n_ops;                 /* up to the one that goes wrong */
    unsigned n_devices;             /* MMIO mappings so far */
    bool devices, fetches, stops, handles;
} Emit;

/* emit-guest.c: the part of a program that is made for the guest: its code, and
 * a function that runs a piece of it; functions for the code words that it
 * executes; the call that opens the library.  The last also for the title. */
void tw_uc_emit_guest(Emit *e);
void tw_uc_emit_words(Emit *e);
void tw_uc_emit_open(Emit *e);

/* emit-look.c: writes text, as printf() does. */
void tw_uc_emit_put(Emit *e, const char *format, ...) G_GNUC_PRINTF(2, 3);
#define put tw_uc_emit_put

/* Writes code that looks at what devices were told, byte by byte; at the
 * outcome of the accused access; at bytes of RAM at the end: false, if there is
 * no difference to be seen. */
void tw_uc_emit_log_check(Emit *e, unsigned n, const TwLogRecord *log);
void tw_uc_emit_access_check(Emit *e, const TwOp *op);
bool tw_uc_emit_ram_check(Emit *e);

#endif
