/* SPDX-License-Identifier: MIT */
/*
 * A finding that is to be told to QEMU's maintainers, as the commands of qtest
 * that lead to it (emit.c), and what writes these: a shell script (emit.c), a
 * test of QEMU's own suite (emit-c.c).
 */
#ifndef TW_TARGETS_QTEST_EMIT_H
#define TW_TARGETS_QTEST_EMIT_H

#include "targets/qtest/internal.h"

typedef struct Emit {
    Machine *m;
    const TwProgram *program; /* up to the accused operation */
    const TwFinding *finding;
    const TwExpected *expected;
    TwOutcome seen; /* when run again */
    /* Of a store: guest address that has it now, or must have it, or 0; of its
     * second half, if that is in another page, or 0. */
    uint64_t place, second;
    bool torn;    /* a half of it is nowhere */
    uint64_t tag; /* what it stores */
    /* Numbers of commands, from 1: the read of what the access gave; reads of
     * what was recorded of faults before and after it, n_faults each; the read
     * of all records, or 0. */
    unsigned answer, faults[2], n_faults, records;
    uint8_t recorded[CAPTURE_BYTES]; /* of the fault of the access */
    unsigned n_recorded;
    bool dies;    /* QEMU does, or hangs: nothing is compared */
    bool message; /* a device must not be told what it was told, whatever the
                   * tables say (told.h) */
} Emit;

static inline const TwOp *tw_emit_accused(const Emit *e)
{
    return &e->program->script[e->finding->op];
}

/* Is the access refused, and must be, whatever is recorded of that? */
static inline bool tw_emit_is_refused_rightly(const Emit *e)
{
    bool refused = e->seen.class_ == TW_CLASS_DECODE_ERROR;

    for (unsigned i = 0; i < e->expected->n_allowed; i++) {
        refused &= e->expected->allowed[i].class_ != TW_CLASS_OK;
    }
    return refused;
}

/* Is what the access gave wrong, by itself, not what was recorded of it?  Where
 * a store in two pages must be refused, one half may be made: then the other
 * must be recorded. */
static inline bool tw_emit_is_value_wrong(const Emit *e)
{
    return e->finding->verdict != TW_VERDICT_REASON &&
           !tw_emit_is_refused_rightly(e) &&
           !(e->torn && e->expected->allowed[0].class_ != TW_CLASS_OK);
}

/* Is it what a device was told that is wrong, not what an access gave? */
static inline bool tw_emit_is_told(const Emit *e)
{
    return e->message || e->expected->ranged;
}

/* Does the access leave bytes in memory by which it is known?  Those of devices
 * that keep mappings do: a header that was used is another one then. */
static inline bool tw_emit_stores(const Emit *e)
{
    return tw_emit_accused(e)->code == TW_OP_DMA_WRITE || e->m->driver->keeper;
}

/* What that is, for people. */
static inline const char *tw_emit_left(const Emit *e)
{
    return tw_emit_accused(e)->code == TW_OP_DMA_WRITE ? "store"
                                                       : "used header";
}

/* Is a store lost that must be somewhere? */
static inline bool tw_emit_is_lost(const Emit *e)
{
    return e->expected->allowed[0].class_ == TW_CLASS_OK &&
           (e->seen.class_ != TW_CLASS_OK || e->torn);
}

/* Appends the whole text; `commands` has a line for each command, and comments
 * after "#". */
typedef void (*EmitWriter)(const Emit *e, const GString *commands,
                           GString *out);
/* emit-vhost.c: where devices are ours (Driver.observed), what the head says of
 * them; the program that serves them; its start, which QEMU's further options
 * follow. */
void tw_emit_vhost_head(const Emit *e, GString *out);
/* Tells the devices that the program begins: from here on, what they are told
 * is looked at. */
void tw_emit_vhost_begin(Emit *e);
/* Behind the accused access, where a range is wrong that it was told of
 * (LA-64): asks where the address leads that is known to be wrong. */
void tw_emit_vhost_tell(Emit *e);
/* Compares what the devices were told, where that is accused. */
void tw_emit_vhost_check(const Emit *e, GString *out);
void tw_emit_vhost_program(const Emit *e, GString *out);
void tw_emit_vhost_start(const Emit *e, GString *out);

void tw_emit_as_test(const Emit *e, const GString *commands, GString *out);

#endif
