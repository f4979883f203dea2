/* SPDX-License-Identifier: MIT */
/*
 * The vocabulary as a table: for each operation its name, what class of thing
 * it is, and which operands it takes in which order.  The text form, the byte
 * form, the mutator, the minimiser and the dictionary follow this table, so an
 * operation is added in one place.  Operands have a table of their own,
 * args.def.
 */
#ifndef TW_PROGRAM_OPS_H
#define TW_PROGRAM_OPS_H

#include "program/model.h"

/* How a part of an operand is read, written, checked, made and changed. */
typedef enum TwFieldType {
    TW_FIELD_NONE,      /* ends the parts */
    TW_FIELD_ID,        /* r3: the id of an object of kind `object` */
    TW_FIELD_INDEX,     /* .1: an index of the CPU or IOMMU before it */
    TW_FIELD_ADDRESS,   /* 0x1000 */
    TW_FIELD_END,       /* ..0x1fff: of the range that starts before it */
    TW_FIELD_LENGTH,    /* 0x40, 2^64 */
    TW_FIELD_VALUE,     /* 0x10, which is no address */
    TW_FIELD_SIZE,      /* 4: bytes of an access */
    TW_FIELD_POWER,     /* 0x1000, kept as its exponent */
    TW_FIELD_BITS,      /* 48: significant bits */
    TW_FIELD_RIGHTS,    /* rwx | none: some of `mask` */
    TW_FIELD_DIRECTION, /* r | w: exactly one */
    TW_FIELD_ATTRS,     /* secure,rid=5 | none | unspecified */
    TW_FIELD_SWITCH,    /* one of two `words`, the second sets flag `mask` */
    TW_FIELD_PRIORITY,  /* -1 */
    TW_FIELD_EVENT,     /* unmap | map | deviotlb: exactly one */
    TW_FIELD_EVENTS,    /* unmap,map: one or more */
    TW_FIELD_WORD,      /* one of `count` words that `name` knows */
    TW_FIELD_NUMBER,    /* 3, of 32 bits, or of 8 from `least` to `most` */
    /* Of objects only: */
    TW_FIELD_PIECE,     /* 1: least bytes of an access that a device takes */
    TW_FIELD_PIECE_END, /* ..4: most */
    TW_FIELD_SETTING,   /* true or false; the word for it stands alone */
    TW_FIELD_ELSEWHERE, /* a word of the line, but no field of the object */
} TwFieldType;

/* What the byte form makes of addresses that stand for something likely. */
typedef enum TwLikely {
    TW_LIKELY_MAPPED, /* inside what a page-map entry of the setup maps */
    TW_LIKELY_PAGE_OR_MAPPED,
    TW_LIKELY_IN_REGION,
    TW_LIKELY_REGION_PAGE,    /* one of the first pages of a region */
    TW_LIKELY_REGION_GRANULE, /* the same by granules of the IOMMU */
    TW_LIKELY_WORD,           /* a low multiple of 8 */
    TW_LIKELY_REGISTER,
    TW_LIKELY_OFFSET,  /* a low page, or a place in it */
    TW_LIKELY_PAGE,    /* a low page */
    TW_LIKELY_GRANULE, /* a low granule of the IOMMU */
    TW_LIKELY_LENGTH,  /* some pages, with a rest */
    TW_LIKELY_SIZE,    /* a power of two of some pages */
    TW_LIKELY_DELTA,   /* a small number */
} TwLikely;

/* A field of TwOp as an operand uses it. */
typedef struct TwField {
    uint8_t type;          /* TwFieldType */
    uint8_t field, width;  /* where it is in TwOp, and its bytes */
    const char *member;    /* what it is called there */
    uint8_t object;        /* ID, INDEX: TwObject */
    bool all;              /* ID: or TW_ALL */
    bool powers;           /* SIZE: 1, 2, 4 or 8 only */
    bool whole;            /* END: the range is whole granules */
    uint8_t likely;        /* TwLikely, of what is 8 bytes wide */
    uint8_t mask;          /* RIGHTS, SWITCH */
    uint8_t percent;       /* SWITCH: how often random ones are on; ID: how
                            * often they are of `region_kinds`, 0: always */
    uint8_t count;         /* WORD */
    uint8_t least, most;   /* POWER, NUMBER */
    bool decimal;          /* POWER: as it is written */
    uint8_t unit;          /* NUMBER: random ones are multiples of it */
    uint32_t region_kinds; /* ID: bits of TwRegionKind; 0: any.  Other kinds may
                            * be named, but the operation is then skipped */
    const char *expected;  /* by the parser, or NULL: what the type is */
    const char *words[2];  /* SWITCH */
    const char *noun;      /* WORD: what it is one of */
    const char *(*name)(unsigned); /* WORD */
} TwField;

enum { TW_MAX_PARTS = 2 };

typedef struct TwArgInfo {
    const char *lead; /* word before it in the text form, or NULL */
    TwField parts[TW_MAX_PARTS + 1]; /* ended by TW_FIELD_NONE */
} TwArgInfo;

/* The operands; their rows are in args.def. */
typedef enum TwArg {
    TW_ARG_END,
#define TW_ARG(name, ...) TW_ARG_##name,
#include "program/args.def"
#undef TW_ARG
    TW_ARG_KINDS
} TwArg;

extern const TwArgInfo tw_args[TW_ARG_KINDS];

/* The value of a field of `object`, a TwOp or what the table is of. */
static inline uint64_t tw_field_get(const TwField *field, const void *object)
{
    const void *at = (const char *)object + field->field;
    return field->width == 8   ? *(const uint64_t *)at
           : field->width == 4 ? *(const uint32_t *)at
                               : *(const uint8_t *)at;
}

static inline void tw_field_set(const TwField *field, void *object,
                                uint64_t value)
{
    void *at = (char *)object + field->field;
    if (field->width == 8) {
        *(uint64_t *)at = value;
    } else if (field->width == 4) {
        *(uint32_t *)at = (uint32_t)value;
    } else {
        *(uint8_t *)at = (uint8_t)value;
    }
}

/* The field itself, if it has 1 or 8 bytes. */
static inline uint8_t *tw_field_byte(const TwField *field, void *object)
{
    return (uint8_t *)object + field->field;
}

static inline uint64_t *tw_field_long(const TwField *field, void *object)
{
    return (uint64_t *)(void *)((char *)object + field->field);
}

enum { TW_MAX_ARGS = 7 };

enum {
    TW_OP_ACCESS = 1,     /* judged; may be followed by a `during` operation */
    TW_OP_CPU_ACCESS = 2, /* actor is the CPU named in obj */
    TW_OP_SETUP_OK = 4,   /* may stand in the setup */
    TW_OP_ACTOR_OK = 8,   /* may be performed by an actor offset or `during`,
                           * which DMA accesses may be, too */
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

/*
 * Goes through the parts of all operands of an operation:
 *     for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at))
 */
typedef struct TwFieldAt {
    const uint8_t *arg;
    const TwField *part; /* NULL: there are no more */
} TwFieldAt;

static inline TwFieldAt tw_fields(const TwOpInfo *info)
{
    const uint8_t *arg = info->args;
    return (TwFieldAt){arg, *arg != TW_ARG_END ? tw_args[*arg].parts : NULL};
}

static inline void tw_fields_next(TwFieldAt *at)
{
    at->part++;
    if (at->part->type == TW_FIELD_NONE) {
        at->arg++;
        at->part = *at->arg != TW_ARG_END ? tw_args[*at->arg].parts : NULL;
    }
}

/*
 * The part that names the object whose index the operation takes, if that is
 * of this kind, else NULL.
 */
const TwField *tw_op_indexed(const TwOpInfo *info, TwObject kind);

/* How ids of objects of a kind are written, and what they are below. */
typedef struct TwObjectInfo {
    const char *name;
    char letter;
    uint8_t most;    /* ids */
    uint8_t indexes; /* CPU, IOMMU: most; else 0 */
} TwObjectInfo;

extern const TwObjectInfo tw_objects[TW_OBJECTS];

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
const char *tw_context_mode_name(unsigned mode); /* "tables" ... */
const char *tw_scope_name(unsigned scope);

/* How many bytes an access has from its address on: of a run (LA-52), those of
 * all its words. */
unsigned tw_op_bytes(const TwProgram *p, const TwOp *op);

/* One access may have at most this many operations inside its first fill
 * (LA-47). */
enum { TW_MAX_DURING = 4 };

bool tw_op_is_dma(const TwOp *op);

/* Operation i of setup and script, those of the script last. */
static inline const TwOp *tw_op_at(const TwProgram *program, unsigned i)
{
    return i < program->n_setup ? &program->setup[i]
                                : &program->script[i - program->n_setup];
}

/* Can an operation of this kind be performed during an access (LA-47), and by
 * an actor offset (LA-27, LA-61)? */
static inline bool tw_op_suits_during(const TwOpInfo *info)
{
    return info->flags & TW_OP_ACTOR_OK ||
           (info->flags & TW_OP_ACCESS && !(info->flags & TW_OP_CPU_ACCESS));
}

/* May operation `n` of the script be performed during an access: does an access
 * stand before it, with fewer than TW_MAX_DURING such operations between?  If
 * operation `n` is a DMA access, and the access one of a CPU, this must stay in
 * one page, and its instruction too.  What else operation `n` is does not
 * count, but for runs: one `mpc-write` may be during a run of Thumb (LA-52). */
bool tw_op_may_be_during(const TwProgram *program, unsigned n);

/* May operation `n` of the script be paired with the one before it (LA-59)?
 * Whether it is does not count. */
bool tw_op_may_be_paired(const TwProgram *program, unsigned n);

/* Is operation `n` the first of a pair? */
static inline bool tw_op_leads_pair(const TwProgram *program, unsigned n)
{
    return n + 1u < program->n_script &&
           program->script[n + 1].flags & TW_OPF_PAIRED;
}

#endif
