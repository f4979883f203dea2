/* SPDX-License-Identifier: MIT */
/* What a run asks of the library, call by call. */
#ifndef TW_TARGETS_UNICORN_RECORD_H
#define TW_TARGETS_UNICORN_RECORD_H

#include "targets/unicorn/internal.h"

typedef enum CallKind {
    CALL_MAP, /* uc_mem_map_ptr */
    CALL_MMIO,
    CALL_UNMAP,
    CALL_PROTECT,
    CALL_FLUSH, /* uc_ctl_remove_cache */
    CALL_FLUSH_TLB,
    CALL_SAVE,      /* uc_context_save, of the memory, too */
    CALL_RESTORE,   /* uc_context_restore */
    CALL_TLB_ENTRY, /* none: what a hook says of pages changes (vtlb.c) */
    CALL_HOOK,      /* none: the hook of a refused access returns `value` */
    CALL_PART,      /* the guest makes an access, or a part of one */
    CALL_HOST_READ, /* uc_mem_read */
    CALL_HOST_WRITE,
    CALL_POINTER_READ, /* the host reads a byte of RAM by its own pointer */
    CALL_POINTER_WRITE,
} CallKind;

/* From where a call is made. */
typedef enum CallPlace {
    FROM_HOST,   /* between runs of the guest */
    FROM_HOOK,   /* of an access that is refused */
    FROM_DEVICE, /* its callback */
    FROM_DOORBELL,
} CallPlace;

typedef struct Call {
    CallKind kind;
    CallPlace place;
    unsigned nth; /* DEVICE: of the callbacks that the access has called */
    uint16_t op;  /* script operation, or TW_NO_OP: before the script */
    unsigned first, end; /* pages */
    Shown shown;
    uint8_t rights;
    unsigned part;  /* PART: kind of record */
    uint64_t addr;  /* PART, HOST: in the program */
    uint64_t value; /* PART, HOST: that it stores */
    uint8_t size;   /* HOST: bytes */
    uint16_t out;   /* TLB_ENTRY: the page that the first leads to */
    uint64_t from;  /* PART of an instruction of its own: where that is */
} Call;

/* A page of RAM at the end of the run. */
typedef struct RamPage {
    uint8_t block;
    uint32_t page;
    uint8_t bytes[MAX_PAGE];
} RamPage;

struct Recorder {
    GArray *calls; /* Call */
    GArray *ram;   /* RamPage; pages that were shown */
    int to;        /* calls are written there instead, each before it is made;
                    * -1: nowhere */
};

void tw_uc_record_call(Machine *m, CallKind kind, unsigned first, unsigned end);
void tw_uc_record_access(Machine *m, unsigned op, unsigned part, unsigned at,
                         uint64_t value);
/* `at`: which byte of the access comes first; `shown`: POINTER: what it is. */
void tw_uc_record_host_access(Machine *m, CallKind kind, unsigned at,
                              Shown shown, uint64_t value);
void tw_uc_record_ram(Machine *m);

/* A change of the page map that a hook is (vtlb.c); what the hook of a refused
 * access returns. */
void tw_uc_record_tlb_entry(Machine *m, const TwOp *op);
void tw_uc_record_hook(Machine *m, uint16_t op, bool goes_on);

/* Does nothing, at no cost, if there is no recorder and no teller. */
static inline void tw_uc_record(Machine *m, CallKind kind, unsigned first,
                                unsigned end)
{
    if (m->recorder != NULL || m->telling != NULL) {
        tw_uc_record_call(m, kind, first, end);
    }
}
void tw_uc_record_access_pair(Machine *m, unsigned op, unsigned part,
                              uint64_t value, uint64_t second);
static inline void tw_uc_record_part(Machine *m, unsigned op, unsigned part,
                                     unsigned at, uint64_t value)
{
    if (m->recorder != NULL || m->telling != NULL) {
        tw_uc_record_access(m, op, part, at, value);
    }
}

/* Of a pair: operation `op` and the one behind it. */
static inline void tw_uc_record_pair(Machine *m, unsigned op, unsigned part,
                                     uint64_t value, uint64_t second)
{
    if (m->recorder != NULL || m->telling != NULL) {
        tw_uc_record_access_pair(m, op, part, value, second);
    }
}

static inline void tw_uc_record_host(Machine *m, CallKind kind, unsigned at,
                                     Shown shown, uint64_t value)
{
    if (m->recorder != NULL || m->telling != NULL) {
        tw_uc_record_host_access(m, kind, at, shown, value);
    }
}

/*
 * Runs a program and fills `recorder`, whose arrays the caller unrefs: in this
 * process, or, if the library `dies` of it or hangs, in a child, up to the last
 * call. False if no call was recorded.
 */
bool tw_uc_record_run(Machine *m, const TwProgram *program, bool dies,
                      Recorder *recorder);

/* emit.c: the class's `emit`. */
bool tw_uc_emit(TwTarget *target, const TwProgram *program,
                const TwFinding *finding, const TwExpected *expected,
                GString *out, GError **error);
/* The same for a finding of `target`, of which `machine` is the engine. */
bool tw_uc_emit_of(Machine *machine, TwTarget *target, const TwProgram *program,
                   const TwFinding *finding, const TwExpected *expected,
                   GString *out, GError **error);

#endif
