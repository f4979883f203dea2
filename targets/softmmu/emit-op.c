/* SPDX-License-Identifier: MIT */
/*
 * Operations as C: the function of test-kit.h that makes just this one, or
 * all its fields.
 */
#include "targets/softmmu/emit.h"

#include <inttypes.h>
#include <string.h>

#include "program/ops.h"

/* Operands of the kit's functions: which field, and how it is written. */
typedef enum Operand {
    END,
    OBJ,
    INDEX,
    OTHER,
    SIZE,
    LG,
    PERM,
    KINDS,
    PRIO,
    ADDR,
    LAST,
    OUT,
    ON,
    NOTIFIED,
} Operand;

typedef struct Form {
    uint8_t code;
    uint8_t flags; /* that the function sets itself */
    bool names_code;
    const char *function;
    uint8_t operands[9];
} Form;

#define ACCESS(code) \
    { \
        code, 0, true, "access_op", \
        { \
            OBJ, INDEX, ADDR, SIZE \
        } \
    }
#define SWITCH(code) \
    { \
        code, 0, true, "switch_op", \
        { \
            OBJ, ON \
        } \
    }
#define PLAIN(code) \
    { \
        code, 0, true, "op_of", \
        { \
            OBJ \
        } \
    }

static const Form forms[] = {
    ACCESS(TW_OP_READ),
    ACCESS(TW_OP_WRITE),
    ACCESS(TW_OP_EXEC),
    ACCESS(TW_OP_RMW),
    ACCESS(TW_OP_DMA_READ),
    ACCESS(TW_OP_DMA_WRITE),
    {TW_OP_PAGE, 0, false, "page_op", {OBJ, INDEX, ADDR, OUT, LG, PERM}},
    {TW_OP_FLUSH_PAGE, 0, false, "flush_page_op", {OBJ, INDEX, ADDR}},
    {TW_OP_FLUSH_RANGE,
     0,
     false,
     "flush_range_op",
     {OBJ, INDEX, ADDR, LAST, LG}},
    {TW_OP_MAP,
     0,
     false,
     "map_op",
     {OBJ, INDEX, ADDR, LAST, OTHER, OUT, PERM, NOTIFIED}},
    {TW_OP_UNMAP, TW_OPF_NOTIFIED, false, "unmap_op", {OBJ, INDEX, ADDR, LAST}},
    {TW_OP_UNMAP, 0, true, "range_op", {OBJ, INDEX, ADDR, LAST}},
    {TW_OP_NOTIFY, 0, false, "notify_op", {OBJ, INDEX, KINDS, ADDR, LAST}},
    {TW_OP_OBSERVE,
     0,
     false,
     "observe_op",
     {OBJ, OTHER, INDEX, KINDS, ADDR, LAST}},
    {TW_OP_ADD, 0, false, "add_region_op", {OBJ, OTHER, ADDR, PRIO}},
    {TW_OP_MOVE, 0, true, "at_op", {OBJ, ADDR}},
    {TW_OP_ALIAS_OFFSET, 0, true, "at_op", {OBJ, ADDR}},
    SWITCH(TW_OP_BYPASS),
    SWITCH(TW_OP_ENABLE),
    SWITCH(TW_OP_READONLY),
    SWITCH(TW_OP_NONVOLATILE),
    SWITCH(TW_OP_UNMERGEABLE),
    SWITCH(TW_OP_ROMD),
    PLAIN(TW_OP_NOP),
    PLAIN(TW_OP_FLUSH_ALL),
    PLAIN(TW_OP_SAFEPOINT),
    PLAIN(TW_OP_NOTIFY_ALL),
    PLAIN(TW_OP_IOMMU_RESET),
    PLAIN(TW_OP_IOMMU_DESTROY),
    PLAIN(TW_OP_BEGIN),
    PLAIN(TW_OP_COMMIT),
    PLAIN(TW_OP_DEL),
    PLAIN(TW_OP_SPACE_NEW),
    PLAIN(TW_OP_SPACE_DEL),
    PLAIN(TW_OP_UNPLUG),
    PLAIN(TW_OP_UNOBSERVE),
};

/* Words ------------------------------------------------------------------ */

void tw_softmmu_emit_number(uint64_t number, GString *out)
{
    if (number == UINT64_MAX) {
        g_string_append(out, "UINT64_MAX");
    } else {
        g_string_append_printf(out, number < 10 ? "%" PRIu64 : "0x%" PRIx64,
                               number);
    }
}

static void put_perm(unsigned perm, GString *out)
{
    static const char *const names[] = {
        "0", "TW_R", "TW_W", "RW", "TW_X", "TW_R | TW_X", "TW_W | TW_X", "RWX"};

    g_string_append(out, names[perm & (TW_R | TW_W | TW_X)]);
}

void tw_softmmu_emit_id(char letter, unsigned id, GString *out)
{
    if (id == TW_NONE) {
        g_string_append(out, letter == 'c' ? "TW_ALL" : "TW_NONE");
    } else if (letter == 'o') { /* has no name */
        g_string_append_printf(out, "%u", id);
    } else {
        g_string_append_printf(out, "%c%u", letter, id);
    }
}

void tw_softmmu_emit_upper(const char *prefix, const char *name, GString *out)
{
    g_string_append(out, prefix);
    for (; *name != '\0'; name++) {
        g_string_append_c(out, *name == '-' ? '_' : g_ascii_toupper(*name));
    }
}

/* Of which kind `obj` and `other` are: the letter of their ids. */
static char letter_of(const TwOpInfo *info, Operand operand)
{
    for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
        bool other = false;
        char letter;

        switch (info->args[i]) {
        case TW_ARG_CPU:
        case TW_ARG_CPU_OR_ALL:
        case TW_ARG_CPU_INDEX:
        case TW_ARG_ANY_CPU_INDEX:
            letter = 'c';
            break;
        case TW_ARG_IOMMU:
        case TW_ARG_IOMMU_INDEX:
            letter = 'i';
            break;
        case TW_ARG_REGION:
            letter = 'r';
            break;
        case TW_ARG_SPACE:
            letter = 's';
            break;
        case TW_ARG_IN_REGION:
            letter = 'r';
            other = true;
            break;
        case TW_ARG_OF_IOMMU:
            letter = 'i';
            other = true;
            break;
        case TW_ARG_OF_SPACE:
        case TW_ARG_TO_SPACE:
            letter = 's';
            other = true;
            break;
        default:
            continue;
        }
        if (other == (operand == OTHER)) {
            return letter;
        }
    }
    return 'o'; /* a plain number */
}

static void put_kinds(unsigned kinds, GString *out)
{
    static const char *const names[] = {"UNMAP", "MAP", "DEVIOTLB_UNMAP"};
    const char *between = "";

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (kinds >> i & 1) {
            g_string_append_printf(out, "%sTW_EVENT_%s", between, names[i]);
            between = " | ";
        }
    }
}

/* Operations ------------------------------------------------------------- */

/* Copies one operand's field. */
static void take(Operand operand, const TwOp *from, TwOp *to)
{
    switch (operand) {
    case OBJ:
        to->obj = from->obj;
        break;
    case INDEX:
        to->index = from->index;
        break;
    case OTHER:
        to->other = from->other;
        break;
    case SIZE:
        to->size = from->size;
        break;
    case LG:
        to->lg = from->lg;
        break;
    case PERM:
        to->perm = from->perm;
        break;
    case KINDS:
        to->kinds = from->kinds;
        break;
    case PRIO:
        to->priority = from->priority;
        break;
    case ADDR:
        to->addr = from->addr;
        break;
    case LAST:
        to->last = from->last;
        break;
    case OUT:
        to->out = from->out;
        break;
    case ON:
        to->flags |= from->flags & TW_OPF_ON;
        break;
    case NOTIFIED:
        to->flags |= from->flags & TW_OPF_NOTIFIED;
        break;
    default:
        break;
    }
}

/* Does the function make this operation, but for the actor? */
static bool form_fits(const Form *form, const TwOp *op)
{
    TwOp made = tw_op_make(form->code);

    made.actor = op->actor;
    made.flags = form->flags;
    for (unsigned i = 0; form->operands[i] != END; i++) {
        take(form->operands[i], op, &made);
    }
    return memcmp(&made, op, sizeof(made)) == 0;
}

static void put_operand(const TwOpInfo *info, const TwOp *op, Operand operand,
                        GString *out)
{
    switch (operand) {
    case OBJ:
        tw_softmmu_emit_id(letter_of(info, OBJ), op->obj, out);
        break;
    case OTHER:
        tw_softmmu_emit_id(letter_of(info, OTHER), op->other, out);
        break;
    case INDEX:
        g_string_append_printf(out, "%u", op->index);
        break;
    case SIZE:
        g_string_append_printf(out, "%u", op->size);
        break;
    case LG:
        g_string_append_printf(out, "%u", op->lg);
        break;
    case PERM:
        put_perm(op->perm, out);
        break;
    case KINDS:
        put_kinds(op->kinds, out);
        break;
    case PRIO:
        g_string_append_printf(out, "%" PRId32, op->priority);
        break;
    case ADDR:
        tw_softmmu_emit_number(op->addr, out);
        break;
    case LAST:
        tw_softmmu_emit_number(op->last, out);
        break;
    case OUT:
        tw_softmmu_emit_number(op->out, out);
        break;
    case ON:
        g_string_append(out, op->flags & TW_OPF_ON ? "true" : "false");
        break;
    default:
        g_string_append(out, op->flags & TW_OPF_NOTIFIED ? "true" : "false");
        break;
    }
}

/* All fields that are not zero. */
static void put_fields(const TwOpInfo *info, const TwOp *op, GString *out)
{
    g_string_append(out, "(TwOp){.code = ");
    tw_softmmu_emit_upper("TW_OP_", info->name, out);
    g_string_append(out, ", .actor = ");
    if (op->actor == TW_BOARD) {
        g_string_append(out, "TW_BOARD");
    } else {
        tw_softmmu_emit_id('c', op->actor, out);
    }
#define NUMBER(field) \
    if (op->field != 0) { \
        g_string_append(out, ", ." #field " = "); \
        tw_softmmu_emit_number(op->field, out); \
    }
    NUMBER(flags)
    if (op->obj != 0) {
        g_string_append(out, ", .obj = ");
        tw_softmmu_emit_id(letter_of(info, OBJ), op->obj, out);
    }
    NUMBER(index)
    if (op->other != 0) {
        g_string_append(out, ", .other = ");
        tw_softmmu_emit_id(letter_of(info, OTHER), op->other, out);
    }
    NUMBER(size)
    NUMBER(lg)
    if (op->perm != 0) {
        g_string_append(out, ", .perm = ");
        put_perm(op->perm, out);
    }
    NUMBER(kinds)
    if (op->priority != 0) {
        g_string_append_printf(out, ", .priority = %" PRId32, op->priority);
    }
    NUMBER(attrs)
    NUMBER(count)
    NUMBER(addr)
    NUMBER(last)
    NUMBER(out)
#undef NUMBER
    g_string_append_c(out, '}');
}

void tw_softmmu_emit_op(const TwOp *op, GString *out)
{
    const TwOpInfo *info = tw_op_info(op->code);
    bool by = !(info->flags & TW_OP_CPU_ACCESS) && op->actor != TW_BOARD;
    const Form *form = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(forms) && form == NULL; i++) {
        if (forms[i].code == op->code && form_fits(&forms[i], op)) {
            form = &forms[i];
        }
    }
    if (form == NULL) {
        put_fields(info, op, out);
        return;
    }
    if (by) {
        g_string_append(out, "by(");
        tw_softmmu_emit_id('c', op->actor, out);
        g_string_append(out, ", ");
    }
    g_string_append_printf(out, "%s(", form->function);
    if (form->names_code) {
        tw_softmmu_emit_upper("TW_OP_", info->name, out);
    }
    for (unsigned i = 0; form->operands[i] != END; i++) {
        if (i > 0 || form->names_code) {
            g_string_append(out, ", ");
        }
        put_operand(info, op, form->operands[i], out);
    }
    g_string_append(out, by ? "))" : ")");
}
