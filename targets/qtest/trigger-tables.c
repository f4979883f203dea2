/* SPDX-License-Identifier: MIT */
/*
 * Triggers of the IOMMUs of RISC-V, Intel and AMD, told from the program alone:
 * by entries that it writes, wherever they are, its commands and its contexts.
 */
#include <string.h>

#include "program/ops.h"
#include "program/path.h"
#include "targets/qtest/trigger.h"

enum {
    PART_RIGHT,
    TABLE_RIGHT,
    RESERVED_BITS,
    SIZED_LEAF,
    ABSENT_LEAF,
    CLEAN_LEAF,
    NEXT_LEVEL,
    SKIPPED_LEVEL,
    LARGE_RANGE,
    GUEST_PAGE,
    LEFT_PASS,
    ALL_ONES,
    INTERRUPT_LEAF,
    BEYOND_TABLES,
};

enum { TABLES_LG = 39 }; /* what three levels translate is below 2^39 */
enum { PAGE = 4096, SV_PAGE = 1 << 10, WINDOW_PAGES = 1024 };

#define BIT(trigger) (UINT64_C(1) << (trigger))

/* Entries ------------------------------------------------------------------ */

/* Bits of entries: sv39 */
#define SV_VALID UINT64_C(1)
#define SV_RWX UINT64_C(0xe)
#define SV_READS UINT64_C(0x53)  /* V, R, U, A */
#define SV_WRITES UINT64_C(0x84) /* W, D */
#define SV_WRITE UINT64_C(4)
#define SV_OF_LEAF UINT64_C(0xd0) /* U, A, D */
#define SV_TOP (UINT64_C(0x3ff) << 54)
/* vtd-sl; vtd-fl */
#define VTD_RIGHTS UINT64_C(3)
#define FL_READS UINT64_C(5) /* P, U/S */
#define FL_WRITES UINT64_C(2)
#define VTD_LARGE UINT64_C(0x80)
#define VTD_GIB (UINT64_C(0xffffffffff) << 30 & ~(UINT64_C(0xfff) << 52))
#define INTERRUPT_GIB UINT64_C(0xc0000000) /* has 0xfeexxxxx in it; */
#define OTHER_GIB UINT64_C(0x40000000)     /* that of the window */
/* amdvi */
#define AMD_PRESENT UINT64_C(1)
#define AMD_RIGHTS (UINT64_C(3) << 61)
#define AMD_NEXT_LEVEL (UINT64_C(7) << 9)
#define AMD_SIZED 7

/* Pages of the window, as bits. */
typedef struct Pages {
    uint8_t bits[WINDOW_PAGES / 8];
} Pages;

/* What entries mean: their format, and pages that are roots, or to which an
 * entry of a root leads as a table. */
typedef struct Tables {
    unsigned format;
    Pages roots, middle;
} Tables;

static void add_page(Pages *pages, uint64_t page)
{
    pages->bits[page % WINDOW_PAGES / 8] |= 1u << page % 8;
}

static bool has_page(const Pages *pages, uint64_t page)
{
    return pages->bits[page % WINDOW_PAGES / 8] >> page % 8 & 1;
}

static unsigned next_level(uint64_t entry)
{
    return (entry & AMD_NEXT_LEVEL) >> 9;
}

/* The page of the table that an entry of a root leads to, if it does. */
static bool leads_to(unsigned format, uint64_t entry, uint64_t *page)
{
    unsigned level = next_level(entry);

    switch (format) {
    case TW_FORMAT_SV39:
        *page = entry / SV_PAGE;
        return (entry & SV_VALID) && !(entry & SV_RWX);
    case TW_FORMAT_AMDVI:
        *page = entry / PAGE;
        return (entry & AMD_PRESENT) && level == 2;
    default:
        return false;
    }
}

static void look(const TwProgram *program, Tables *tables)
{
    unsigned n = program->n_setup + program->n_script;
    uint64_t page;

    *tables = (Tables){.format = TW_FORMATS};
    if (program->n_iommus > 0 &&
        program->iommus[0].kind == TW_IOMMU_PAGETABLE) {
        tables->format = program->iommus[0].pagetable.format;
    }
    for (unsigned i = 0; i < n; i++) {
        if (tw_op_at(program, i)->code == TW_OP_CONTEXT) {
            add_page(&tables->roots, tw_op_at(program, i)->out / PAGE);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        const TwOp *op = tw_op_at(program, i);

        if (op->code == TW_OP_POKE &&
            has_page(&tables->roots, op->addr / PAGE) &&
            leads_to(tables->format, op->value, &page)) {
            add_page(&tables->middle, page);
        }
    }
}

/* Of the table that a `poke` writes: the first words of a page are those of a
 * root (TwDialect). */
static unsigned level_of(const Tables *tables, const TwOp *op)
{
    uint64_t page = op->addr / PAGE;

    if (op->addr % PAGE < TW_PATH_OWN_BYTES || has_page(&tables->roots, page)) {
        return 3;
    }
    return has_page(&tables->middle, page) ? 2 : 1;
}

/* The entry that a `poke` writes, without the trigger; the same if it does not
 * have it. */
static uint64_t mend_part_right(const Tables *tables, const TwOp *op)
{
    uint64_t entry = op->value;

    switch (tables->format) {
    case TW_FORMAT_SV39:
        return (entry & SV_READS) == SV_READS ? entry | SV_WRITES : entry;
    case TW_FORMAT_VTD_SL:
        return entry & VTD_RIGHTS ? entry | VTD_RIGHTS : entry;
    case TW_FORMAT_VTD_FL:
        return (entry & FL_READS) == FL_READS ? entry | FL_WRITES : entry;
    case TW_FORMAT_AMDVI:
        return entry & AMD_PRESENT && entry & AMD_RIGHTS ? entry | AMD_RIGHTS
                                                         : entry;
    default:
        return entry;
    }
}

static uint64_t mend_table_right(const Tables *tables, const TwOp *op)
{
    unsigned next = next_level(op->value);

    return tables->format == TW_FORMAT_AMDVI && op->value & AMD_PRESENT &&
                   next != 0 && next != AMD_SIZED
               ? op->value | AMD_RIGHTS
               : op->value;
}

static uint64_t mend_reserved_bits(const Tables *tables, const TwOp *op)
{
    uint64_t entry = op->value;

    if (tables->format != TW_FORMAT_SV39 || !(entry & SV_VALID)) {
        return entry;
    }
    return entry & ~(SV_TOP | (entry & SV_RWX ? 0 : SV_OF_LEAF));
}

/* In a root, where no other leaf can be, it becomes an entry for a table. */
static uint64_t mend_sized_leaf(const Tables *tables, const TwOp *op)
{
    uint64_t next = level_of(tables, op) == 3 ? 2 : 0;

    return tables->format == TW_FORMAT_AMDVI && op->value & AMD_PRESENT &&
                   next_level(op->value) == AMD_SIZED
               ? (op->value & ~AMD_NEXT_LEVEL) | next << 9
               : op->value;
}

static uint64_t mend_clean_leaf(const Tables *tables, const TwOp *op)
{
    return tables->format == TW_FORMAT_SV39 &&
                   (op->value & SV_READS) == SV_READS &&
                   (op->value & SV_WRITES) == SV_WRITE
               ? op->value | SV_WRITES
               : op->value;
}

static uint64_t mend_absent_leaf(const Tables *tables, const TwOp *op)
{
    return tables->format == TW_FORMAT_AMDVI && !(op->value & AMD_PRESENT)
               ? op->value & ~AMD_RIGHTS
               : op->value;
}

static uint64_t mend_next_level(const Tables *tables, const TwOp *op)
{
    unsigned next = next_level(op->value), level = level_of(tables, op);

    return tables->format == TW_FORMAT_AMDVI && op->value & AMD_PRESENT &&
                   next >= level && next != AMD_SIZED
               ? (op->value & ~AMD_NEXT_LEVEL) | (uint64_t)(level - 1) << 9
               : op->value;
}

static bool is_vtd(const Tables *tables)
{
    return tables->format == TW_FORMAT_VTD_SL ||
           tables->format == TW_FORMAT_VTD_FL;
}

/* Another entry with reserved bits. */
static uint64_t mend_all_ones(const Tables *tables, const TwOp *op)
{
    return is_vtd(tables) && op->value == UINT64_MAX
               ? op->value & ~(UINT64_C(1) << 63)
               : op->value;
}

static uint64_t mend_interrupt_leaf(const Tables *tables, const TwOp *op)
{
    return is_vtd(tables) && op->value & VTD_RIGHTS && op->value & VTD_LARGE &&
                   level_of(tables, op) == 3 &&
                   (op->value & VTD_GIB) == INTERRUPT_GIB
               ? (op->value & ~VTD_GIB) | OTHER_GIB
               : op->value;
}

static uint64_t mend_skipped_level(const Tables *tables, const TwOp *op)
{
    unsigned next = next_level(op->value), level = level_of(tables, op);

    return tables->format == TW_FORMAT_AMDVI && op->value & AMD_PRESENT &&
                   next != 0 && next + 1 < level
               ? (op->value & ~AMD_NEXT_LEVEL) | (uint64_t)(level - 1) << 9
               : op->value;
}

static const struct {
    uint64_t trigger;
    uint64_t (*mend)(const Tables *tables, const TwOp *op);
} menders[] = {
    {BIT(SIZED_LEAF), mend_sized_leaf},
    {BIT(NEXT_LEVEL), mend_next_level},
    {BIT(SKIPPED_LEVEL), mend_skipped_level},
    {BIT(ABSENT_LEAF), mend_absent_leaf},
    {BIT(RESERVED_BITS), mend_reserved_bits},
    {BIT(TABLE_RIGHT), mend_table_right},
    {BIT(CLEAN_LEAF), mend_clean_leaf},
    {BIT(PART_RIGHT), mend_part_right},
    {BIT(ALL_ONES), mend_all_ones},
    {BIT(INTERRUPT_LEAF), mend_interrupt_leaf},
};

static uint64_t met_by_entry(const Tables *tables, const TwOp *op)
{
    uint64_t met = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(menders); i++) {
        if (menders[i].mend(tables, op) != op->value) {
            met |= menders[i].trigger;
        }
    }
    return met;
}

/* Commands, contexts ------------------------------------------------------- */

static bool is_range(const TwOp *op)
{
    return op->scope == TW_SCOPE_RANGE || op->scope == TW_SCOPE_LEAF ||
           op->scope == TW_SCOPE_ANY_RANGE || op->scope == TW_SCOPE_ANY_LEAF;
}

/* Is there a leaf of sv39 in a table of level 3 or 2?  With two stages this
 * cannot be told: then there is. */
static bool has_large_leaves(const Tables *tables, const TwProgram *program)
{
    unsigned n = program->n_setup + program->n_script;

    if (tables->format != TW_FORMAT_SV39 || program->n_iommus > 1) {
        return tables->format == TW_FORMAT_SV39;
    }
    for (unsigned i = 0; i < n; i++) {
        const TwOp *op = tw_op_at(program, i);

        if (op->code == TW_OP_POKE && op->value & SV_VALID &&
            op->value & SV_RWX && level_of(tables, op) > 1) {
            return true;
        }
    }
    return false;
}

/* Only the IOMMU of RISC-V has these triggers; the second stage is i1. */
static uint64_t met_by_command(bool large_leaves, const TwOp *op)
{
    if (!large_leaves || !is_range(op)) {
        return 0;
    }
    return op->obj == 0 ? BIT(LARGE_RANGE) : BIT(GUEST_PAGE);
}

static bool is_pass(const TwOp *op)
{
    return op->code == TW_OP_CONTEXT && op->mode == TW_CONTEXT_PASS;
}

/* Of a `table`: does it grant one of the two rights? */
static bool is_part_right(const TwOp *op)
{
    return (op->code == TW_OP_MAP || op->code == TW_OP_PROTECT) &&
           op->perm != (TW_R | TW_W);
}

static bool is_bypass_off(const TwOp *op)
{
    return op->code == TW_OP_BYPASS && !(op->flags & TW_OPF_ON);
}

/* `passed`: the indexes that have had `pass`, as bits. */
static uint64_t met_by_context(const TwOp *op, uint32_t *passed)
{
    uint32_t index = 1u << op->requester % 32;
    bool left = *passed & index;

    if (is_pass(op)) {
        *passed |= index;
    }
    return left ? BIT(LEFT_PASS) : 0;
}

/* Of a `table` of the second stage: does it send a command for a range? */
static bool is_second_range(const TwOp *op)
{
    return op->obj == 1 &&
           (op->code == TW_OP_NOTIFY || op->flags & TW_OPF_NOTIFIED);
}

static bool is_beyond_tables(const TwOp *op)
{
    return (op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE) &&
           op->addr >> TABLES_LG != 0;
}

static uint64_t triggers_met(const TwProgram *program, const TwFinding *finding)
{
    Tables tables;
    bool large;
    unsigned n = program->n_setup + program->n_script;
    uint32_t passed = 0;
    uint64_t met = 0;

    look(program, &tables);
    large = has_large_leaves(&tables, program);
    if (finding->op < program->n_script) {
        n = program->n_setup + finding->op + 1;
    }
    for (unsigned i = 0; i < n; i++) {
        const TwOp *op = tw_op_at(program, i);

        if (op->code == TW_OP_POKE) {
            met |= met_by_entry(&tables, op);
        } else if (op->code == TW_OP_INVALIDATE) {
            met |= met_by_command(large, op);
        } else if (op->code == TW_OP_CONTEXT) {
            met |= met_by_context(op, &passed);
        } else {
            met |= is_part_right(op) ? BIT(PART_RIGHT) : 0;
            met |= is_bypass_off(op) ? BIT(LEFT_PASS) : 0;
            met |= is_second_range(op) ? BIT(GUEST_PAGE) : 0;
            met |= is_beyond_tables(op) ? BIT(BEYOND_TABLES) : 0;
        }
    }
    return met;
}

/* Avoiding ----------------------------------------------------------------- */

static void avoid_of_table(TwOp *op, uint64_t triggers)
{
    if (is_part_right(op) && triggers & BIT(PART_RIGHT)) {
        op->perm = TW_R | TW_W;
    }
    if (is_second_range(op) && triggers & BIT(GUEST_PAGE)) {
        op->flags = 0;
        if (op->code == TW_OP_NOTIFY) {
            *op = (TwOp){
                .code = TW_OP_NOTIFY_ALL, .actor = TW_BOARD, .obj = op->obj};
        }
    }
}

static void avoid_in(const Tables *tables, bool large, TwOp *op,
                     uint64_t triggers)
{
    if (op->code == TW_OP_POKE) {
        for (unsigned i = 0; i < G_N_ELEMENTS(menders); i++) {
            if (triggers & menders[i].trigger) {
                op->value = menders[i].mend(tables, op);
            }
        }
    } else if (op->code == TW_OP_INVALIDATE) {
        bool any =
            op->scope == TW_SCOPE_ANY_RANGE || op->scope == TW_SCOPE_ANY_LEAF;

        if (met_by_command(large, op) & triggers) {
            op->scope = any ? TW_SCOPE_GLOBAL : TW_SCOPE_DOMAIN;
        }
    } else if (is_beyond_tables(op) && triggers & BIT(BEYOND_TABLES)) {
        op->addr &= (UINT64_C(1) << TABLES_LG) - 1;
    } else if (is_pass(op) && triggers & BIT(LEFT_PASS)) {
        op->mode = TW_CONTEXT_TABLES;
    } else {
        avoid_of_table(op, triggers);
    }
}

/* No bypass is switched off; what would be switched on before that stays off.
 */
static void avoid_bypass_off(TwProgram *program)
{
    bool later = false; /* it is switched off */

    for (unsigned i = program->n_setup + program->n_script; i-- > 0;) {
        TwOp *op = i < program->n_setup
                       ? &program->setup[i]
                       : &program->script[i - program->n_setup];

        later |= is_bypass_off(op);
        if (op->code == TW_OP_BYPASS && later) {
            *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
        }
    }
}

static void avoid(TwProgram *program, uint64_t triggers)
{
    Tables tables;
    bool large;

    if (triggers & BIT(LEFT_PASS)) {
        avoid_bypass_off(program);
    }

    look(program, &tables);
    large = has_large_leaves(&tables, program);
    for (unsigned i = 0; i < program->n_setup; i++) {
        avoid_in(&tables, large, &program->setup[i], triggers);
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        avoid_in(&tables, large, &program->script[i], triggers);
    }
}

/* Kinds of targets --------------------------------------------------------- */

static uint64_t in_list(const uint8_t *list, unsigned n, uint64_t triggers)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < n; i++) {
        bits |= triggers & BIT(list[i]) ? BIT(i) : 0;
    }
    return bits;
}

static uint64_t of_list(const uint8_t *list, unsigned n, uint64_t bits)
{
    uint64_t triggers = 0;

    for (unsigned i = 0; i < n; i++) {
        triggers |= bits & BIT(i) ? BIT(list[i]) : 0;
    }
    return triggers;
}

#define INFO_RESERVED_BITS \
    { \
        .name = "reserved-bits", \
        .meaning = "a reserved bit of an entry is set" \
    }
#define INFO_CLEAN_LEAF \
    { \
        .name = "clean-leaf", .meaning = "a leaf has W, but not D" \
    }
#define INFO_LARGE_RANGE \
    { \
        .name = "large-range", \
        .meaning = "a command for a range, where leaves may be large" \
    }
#define INFO_GUEST_PAGE \
    { \
        .name = "guest-page", \
        .meaning = "a command for a range of the second stage" \
    }

/* Defines the functions of a kind, of which LIST has the triggers, in the order
 * of its TwTriggerInfo. */
#define KIND(of, ...) \
    static const uint8_t of##_list[] = {__VA_ARGS__}; \
    uint64_t tw_qtest_##of##_met(const TwProgram *program, \
                                 const TwFinding *finding) \
    { \
        return in_list(of##_list, G_N_ELEMENTS(of##_list), \
                       triggers_met(program, finding)); \
    } \
    void tw_qtest_##of##_avoid(TwProgram *program, uint64_t bits) \
    { \
        avoid(program, of_list(of##_list, G_N_ELEMENTS(of##_list), bits)); \
    } \
    const TwTriggerInfo tw_qtest_##of##_triggers[]

KIND(riscv_iommu, PART_RIGHT, RESERVED_BITS, LARGE_RANGE, CLEAN_LEAF,
     BEYOND_TABLES) = {
    TW_QTEST_INFO_PART_RIGHT, INFO_RESERVED_BITS,          INFO_LARGE_RANGE,
    INFO_CLEAN_LEAF,          TW_QTEST_INFO_BEYOND_TABLES, {.name = NULL}};
KIND(riscv_iommu_nested, PART_RIGHT, RESERVED_BITS, LARGE_RANGE, GUEST_PAGE,
     CLEAN_LEAF) = {TW_QTEST_INFO_PART_RIGHT, INFO_RESERVED_BITS,
                    INFO_LARGE_RANGE,         INFO_GUEST_PAGE,
                    INFO_CLEAN_LEAF,          {.name = NULL}};
KIND(vtd, PART_RIGHT, ALL_ONES, INTERRUPT_LEAF) = {TW_QTEST_INFO_PART_RIGHT,
                                                   TW_QTEST_INFO_ALL_ONES,
                                                   TW_QTEST_INFO_INTERRUPT_LEAF,
                                                   {.name = NULL}};
KIND(vtd_scalable, PART_RIGHT, LEFT_PASS, ALL_ONES,
     INTERRUPT_LEAF) = {TW_QTEST_INFO_PART_RIGHT,
                        TW_QTEST_INFO_LEFT_PASS,
                        TW_QTEST_INFO_ALL_ONES,
                        TW_QTEST_INFO_INTERRUPT_LEAF,
                        {.name = NULL}};
KIND(vtd_first, PART_RIGHT, LEFT_PASS, ALL_ONES,
     INTERRUPT_LEAF) = {TW_QTEST_INFO_PART_RIGHT,
                        TW_QTEST_INFO_LEFT_PASS,
                        TW_QTEST_INFO_ALL_ONES,
                        TW_QTEST_INFO_INTERRUPT_LEAF,
                        {.name = NULL}};
KIND(amdvi, PART_RIGHT, TABLE_RIGHT, SIZED_LEAF, ABSENT_LEAF, NEXT_LEVEL,
     SKIPPED_LEVEL, BEYOND_TABLES, LEFT_PASS) = {
    TW_QTEST_INFOS_OF_AMDVI,
    {.name = NULL},
};
