/* SPDX-License-Identifier: MIT */
/*
 * Operations as C: the function of test-kit.h that makes this operation or, if
 * there is none, all its fields.
 */
#include "targets/softmmu/emit.h"

#include <inttypes.h>
#include <string.h>

#include "program/ops.h"

/* Operands of the kit's functions: a field of TwOp, by its offset, or a flag.
 */
enum {
    OBJ = offsetof(TwOp, obj),
    INDEX = offsetof(TwOp, index),
    OTHER = offsetof(TwOp, other),
    SIZE = offsetof(TwOp, size),
    LG = offsetof(TwOp, lg), /* or bits */
    PERM = offsetof(TwOp, perm),
    EVENTS = offsetof(TwOp, events),
    PRIO = offsetof(TwOp, priority),
    ADDR = offsetof(TwOp, addr),
    LAST = offsetof(TwOp, last), /* or length */
    OUT = offsetof(TwOp, out),
    ON = sizeof(TwOp),
    NOTIFIED,
    END = 0,
};

static unsigned flag_of(unsigned operand)
{
    return operand == ON ? TW_OPF_ON : TW_OPF_NOTIFIED;
}

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
    {TW_OP_NOTIFY, 0, false, "notify_op", {OBJ, INDEX, EVENTS, ADDR, LAST}},
    {TW_OP_OBSERVE,
     0,
     false,
     "observe_op",
     {OBJ, OTHER, INDEX, EVENTS, ADDR, LAST}},
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

/* The letter of the ids of an object kind; of what has no names, 'o'. */
static char letter_of(const TwField *part)
{
    return part->object <= TW_OBJECT_CPU ? tw_objects[part->object].letter
                                         : 'o';
}

/* The part of an operation that is the field at `offset` of TwOp, or NULL. */
static const TwField *part_at(const TwOpInfo *info, size_t offset)
{
    for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at)) {
        if (at.part->field == offset && at.part->type != TW_FIELD_SWITCH) {
            return at.part;
        }
    }
    return NULL;
}

static void put_events(unsigned events, GString *out)
{
    static const char *const names[] = {"UNMAP", "MAP", "DEVIOTLB_UNMAP"};
    const char *between = "";

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (events >> i & 1) {
            g_string_append_printf(out, "%sTW_EVENT_%s", between, names[i]);
            between = " | ";
        }
    }
}

/* Operations ------------------------------------------------------------- */

/* Does the function make this operation, apart from the actor? */
static bool form_fits(const Form *form, const TwOp *op)
{
    TwOp made = tw_op_make(form->code);
    const TwOpInfo *info = tw_op_info(op->code);

    made.actor = op->actor;
    made.flags = form->flags;
    for (unsigned i = 0; form->operands[i] != END; i++) {
        unsigned operand = form->operands[i];
        const TwField *part = part_at(info, operand);

        if (operand == ON || operand == NOTIFIED) {
            made.flags |= op->flags & flag_of(operand);
        } else if (part != NULL) {
            tw_field_set(part, &made, tw_field_get(part, op));
        }
    }
    return memcmp(&made, op, sizeof(made)) == 0;
}

static void put_part(const TwField *part, const TwOp *op, GString *out)
{
    uint64_t value = tw_field_get(part, op);

    switch (part->type) {
    case TW_FIELD_ID:
        tw_softmmu_emit_id(letter_of(part), (unsigned)value, out);
        break;
    case TW_FIELD_RIGHTS:
    case TW_FIELD_DIRECTION:
        put_perm((unsigned)value, out);
        break;
    case TW_FIELD_EVENT:
    case TW_FIELD_EVENTS:
        put_events((unsigned)value, out);
        break;
    case TW_FIELD_PRIORITY:
        g_string_append_printf(out, "%" PRId32, (int32_t)value);
        break;
    case TW_FIELD_INDEX:
    case TW_FIELD_SIZE:
    case TW_FIELD_POWER:
    case TW_FIELD_BITS:
        g_string_append_printf(out, "%u", (unsigned)value);
        break;
    default:
        tw_softmmu_emit_number(value, out);
        break;
    }
}

static void put_operand(const TwOpInfo *info, const TwOp *op, unsigned operand,
                        GString *out)
{
    const TwField *part = part_at(info, operand);

    if (operand == ON || operand == NOTIFIED) {
        g_string_append(out, op->flags & flag_of(operand) ? "true" : "false");
    } else if (part != NULL) {
        put_part(part, op, out);
    } else { /* a function that takes more than this operation has */
        g_string_append_c(out, '0');
    }
}

static void put_field(const char *name, uint64_t value, GString *out)
{
    if (value != 0) {
        g_string_append_printf(out, ", .%s = ", name);
        tw_softmmu_emit_number(value, out);
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
    put_field("flags", op->flags, out);
    for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at)) {
        if (at.part->type != TW_FIELD_SWITCH &&
            tw_field_get(at.part, op) != 0) {
            g_string_append_printf(out, ", .%s = ", at.part->member);
            put_part(at.part, op, out);
        }
    }
    if (op->flags & TW_OPF_FROM) {
        put_field("from", op->from, out);
    }
    if (op->flags & TW_OPF_VIA) {
        put_field("other", op->other, out);
    }
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
