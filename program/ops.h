/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary as a table: for each operation its name, what class of thing
 * it is, and which operands it takes in which order.  The text form, the byte
 * form, the mutator, the minimiser, the dictionary and the manual are all
 * driven by this one table, so an operation is added in one place.
 */
#ifndef TW_PROGRAM_OPS_H
#define TW_PROGRAM_OPS_H

#include "program/model.h"

/* What an operand is, and which fields of TwOp it fills. */
typedef enum TwArg {
    TW_ARG_END,
    TW_ARG_CPU,           /* c0            obj */
    TW_ARG_CPU_OR_ALL,    /* c0 | all      obj */
    TW_ARG_CPU_INDEX,     /* c0.1          obj, index */
    TW_ARG_ANY_CPU_INDEX, /* c0.1 | all.1  obj, index */
    TW_ARG_IOMMU,         /* i0            obj */
    TW_ARG_IOMMU_INDEX,   /* i0.1          obj, index */
    TW_ARG_REGION,        /* r3            obj */
    TW_ARG_IN_REGION,     /* in r3         other */
    TW_ARG_SPACE,         /* s1            obj */
    TW_ARG_OBSERVER,      /* o2            obj */
    TW_ARG_OF_IOMMU,      /* of i0.1       other, index */
    TW_ARG_OF_SPACE,      /* of s1         other */
    TW_ARG_MAPPING,       /* m1            obj */
    TW_ARG_ADDR,          /* 0x1000        addr */
    TW_ARG_AT,            /* at 0x1000     addr */
    TW_ARG_RANGE,         /* 0x0..0x3f     addr, last (ends included) */
    TW_ARG_LENGTH,        /* 0x40          last (a length; UINT64_MAX = 2^64) */
    TW_ARG_SIZE,          /* 4             size: 1 .. 8 bytes of an access */
    TW_ARG_RMW_SIZE,      /* 4             size: 1, 2, 4 or 8 */
    TW_ARG_TO,            /* -> 0x2000     out */
    TW_ARG_TO_SPACE,      /* -> s1 0x2000  other, out */
    TW_ARG_VALUE,         /* = 0x10        out */
    TW_ARG_OF_SIZE,       /* size 0x1000   lg: a power of two */
    TW_ARG_BITS,          /* bits 48       lg: 1 .. 64 significant bits */
    TW_ARG_PERM,          /* rwx | none    perm */
    TW_ARG_IOMMU_PERM,    /* rw | none     perm: X follows R */
    TW_ARG_ATTRS,         /* secure,rid=5 | none | unspecified    attrs */
    TW_ARG_NOTIFIED,      /* silent | notified    flags */
    TW_ARG_ON,            /* on | off      flags */
    TW_ARG_PRIO,          /* prio -1       priority */
    TW_ARG_EVENT,         /* unmap | map | deviotlb   kinds: exactly one */
    TW_ARG_EVENTS,        /* unmap,map     kinds: one or more */
    TW_ARG_SCOPE,         /* global | domain | range | context    kinds */
    TW_ARG_COUNT,         /* 3             count */
    TW_ARG_DIRECTION,     /* r | w         perm: exactly one */
    TW_ARG_KINDS
} TwArg;

enum { TW_MAX_ARGS = 7 };

enum {
    TW_OP_ACCESS = 1,     /* judged; may be followed by a `during` operation */
    TW_OP_CPU_ACCESS = 2, /* actor is the CPU named in obj */
    TW_OP_SETUP_OK = 4,   /* may stand in the setup */
    TW_OP_ACTOR_OK = 8,   /* may be performed by an actor offset or `during` */
    TW_OP_CHANGE = 16,    /* changes what a walk can answer */
    TW_OP_ENDING = 32,    /* ends cached answers (flush, notify, commit) */
    TW_OP_TOPOLOGY = 64,  /* a change that a transaction collects */
    TW_OP_BOARD_ONLY = 128, /* actor is always the board */
};

typedef struct TwOpInfo {
    const char *name;              /* in the text form; [a-z-]+ */
    const char *summary;           /* one line for the manual */
    uint16_t flags;                /* TW_OP_ACCESS ... */
    uint8_t args[TW_MAX_ARGS + 1]; /* TwArg, ended by TW_ARG_END */
} TwOpInfo;

/* The row of `code`; codes from TW_OP_CODES on have none (NULL). */
const TwOpInfo *tw_op_info(unsigned code);

/* The code named by the `length` bytes at `name`, or TW_OP_CODES. */
unsigned tw_op_find(const char *name, size_t length);

/* Names of enumerators in the text form; NULL for values out of range. */
const char *tw_region_kind_name(unsigned kind);
const char *tw_iommu_kind_name(unsigned kind);
const char *tw_select_name(unsigned select);
const char *tw_contents_name(unsigned contents);
const char *tw_format_name(unsigned format);
const char *tw_scope_name(unsigned scope);

#endif
