/* SPDX-License-Identifier: MIT */
/*
 * A reproducer at work: what the parts of emit share.
 *
 *   emit.c        the class's rows: the order of the parts
 *   emit-base.c   text; which calls belong to which operation
 *   emit-plan.c   which parts a case needs
 *   emit-call.c   calls of the library
 *   emit-inside.c what callbacks of the library do: devices, hooks
 *   emit-body.c   the function that makes the calls of the case
 *   emit-guest.c  the guest's code
 *   emit-look.c   what is expected and seen
 */
#ifndef TW_TARGETS_UNICORN_EMIT_H
#define TW_TARGETS_UNICORN_EMIT_H

#include "targets/unicorn/record.h"

/* Pieces of guest code; for emit-guest.c. */
enum {
    PIECE_LOAD,            /* of 1, 2, 4, 8 bytes */
    PIECE_STORE = 4,       /* likewise */
    PIECE_CALL = 8,        /* runs a word of the program */
    PIECE_RING,            /* stores to the doorbell */
    PIECE_FROM,            /* runs a word of the program that accesses */
    PIECE_SWAP,            /* exchanges 1, 2, 4, 8 bytes */
    PIECE_EXCLUSIVE = 15,  /* likewise, by a load and a store */
    PIECE_LOAD_PAIR = 19,  /* two times 4, 8 bytes */
    PIECE_STORE_PAIR = 21, /* likewise */
    PIECES = 23
};

typedef struct Emit {
    Machine *machine;
    TwTarget *target; /* what the finding is of */
    const TwProgram *program;
    const TwFinding *finding;
    const TwExpected *expected;
    Recorder recorder;
    GString *out;

    /* emit-plan.c: */
    uint64_t base;      /* of the program's address 0, in the guest */
    unsigned n_ops;     /* up to the one that goes wrong */
    TwRegionSet blocks; /* RAM blocks that are used */
    unsigned first[TW_MAX_REGIONS], end[TW_MAX_REGIONS]; /* their pages */
    unsigned n_blocks;
    uint32_t pieces;      /* bit per piece */
    uint8_t access_words; /* bit per access word (code.h) that is run */
    bool third;           /* some piece has a third operand */
    bool devices;         /* there are MMIO mappings, */
    bool many_devices;    /* of several devices, */
    bool device_code;     /* that are executed, */
    bool device_loads;    /* and read; */
    bool device_bases;    /* some do not begin with their byte 0 */
    bool reads_devices;   /* callbacks of theirs may be called for loads and */
    bool writes_devices;  /* fetches, for stores */
    bool gives;           /* runs of the guest need a first register, */
    bool takes;           /* and what it holds at their end matters */
    bool accesses;        /* there are accesses, */
    bool contents;        /* and it matters what RAM holds */
    bool log;             /* what devices are told is looked at */
    bool hook;            /* a hook of refused accesses is needed, */
    bool hook_asks;       /* and says what the memory grants */
    bool doorbell;
    bool inside;    /* callbacks change the memory */
    bool splits;    /* some access is made of several */
    bool forks;     /* the library may die or hang */
    bool two;       /* runs twice, with and without the fast path */
    bool snapshots; /* contexts hold memory */
    bool looks;     /* something is looked at */
    /* What pages show before the operation that goes wrong. */
    Shown shown[PAGES];
    uint8_t rights[PAGES];
} Emit;

/* emit-base.c: writes text, as printf() does. */
void tw_uc_emit_put(Emit *e, const char *format, ...) G_GNUC_PRINTF(2, 3);
#define put tw_uc_emit_put

static inline const Call *tw_uc_emit_at(const Emit *e, unsigned i)
{
    return &g_array_index(e->recorder.calls, Call, i);
}

static inline bool tw_uc_emit_access(const Call *call)
{
    return call->kind >= CALL_PART;
}

/* Is it a call of operation n or, with its changes, of what is performed during
 * it? */
bool tw_uc_emit_is_of(const Emit *e, const Call *call, unsigned n);
/* The operation that a call is part of: n, if it is performed during n. */
unsigned tw_uc_emit_main(const Emit *e, const Call *call);

/* Does operation n make calls from a place?  In *nth: at which callback. */
bool tw_uc_emit_has_inside(const Emit *e, unsigned n, CallPlace place,
                           unsigned *nth);

/* emit-plan.c: fills in what is below `out`. */
void tw_uc_emit_plan(Emit *e, bool dies);

/* emit-guest.c: the guest's code and the function that runs a piece of it; what
 * RAM and devices hold; the call that opens the library.  Name and number of
 * the piece that makes an access. */
void tw_uc_emit_guest(Emit *e);
void tw_uc_emit_words(Emit *e);
void tw_uc_emit_open(Emit *e);
unsigned tw_uc_emit_piece(const Call *call);
const char *tw_uc_emit_piece_name(unsigned piece);

/* emit-call.c: calls number first .. end - 1, as statements; those that follow
 * each other at equal distances as a loop.  `tries`: they may fail, and are
 * what is looked at. */
void tw_uc_emit_calls(Emit *e, unsigned first, unsigned end, const char *indent,
                      bool tries);
/* What is set to 0 before an access whose callbacks are looked at, "a = b". */
const char *tw_uc_emit_told(const Emit *e);
/* What a byte of a device is called with: its number, unless there is but one,
 * and the offset. */
uint64_t tw_uc_emit_device_offset(const Emit *e, uint8_t region,
                                  uint64_t offset);

/* The guest's or the host's access `call`, as a statement. */
void tw_uc_emit_make(Emit *e, const Call *call, const char *indent);

/* emit-inside.c: callbacks and hooks. */
void tw_uc_emit_callbacks(Emit *e);
/* The calls that operation n makes inside a run of the guest, from a place. */
void tw_uc_emit_inside(Emit *e, unsigned n, const char *indent);

/* emit-body.c: the function that makes the calls; false: there is nothing to be
 * seen at its end. */
bool tw_uc_emit_body(Emit *e);
/* emit-look.c: code that looks at the outcome of the access that goes wrong,
 * and at bytes of RAM at the end: false, if there is no difference. */
void tw_uc_emit_check(Emit *e, const TwOp *op, const char *indent);
bool tw_uc_emit_ram_check(Emit *e);

#endif
