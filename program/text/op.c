/* SPDX-License-Identifier: MIT */
/* One operation as text, read and written by the tables of ops.h. */
#include "program/text/op.h"

#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/text.h"

/* Reading ------------------------------------------------------------------ */

/* c0 or c0.1, if `index` is the part behind it; "all" for c0, if it may be. */
static bool parse_id(TwLexer *l, const TwField *part, const TwField *index,
                     TwOp *op)
{
    const TwObjectInfo *info = &tw_objects[part->object];
    uint8_t *id = tw_field_byte(part, op);
    if (!index) {
        if (part->all && tw_lexer_skip(l, "all")) {
            *id = TW_ALL;
            return true;
        }
        return tw_lexer_id(l, info->letter, info->most, id);
    }
    if (part->all && l->length == 5 && memcmp(l->word, "all.", 4) == 0) {
        unsigned n = (unsigned)(l->word[4] - '0');
        if (n < info->indexes) {
            *id = TW_ALL;
            *tw_field_byte(index, op) = (uint8_t)n;
            tw_lexer_next(l);
            return true;
        }
    }
    return tw_lexer_id_index(l, info->letter, info->most, info->indexes, id,
                             tw_field_byte(index, op));
}

/* One word of two, the second of which sets a flag. */
static bool parse_switch(TwLexer *l, const TwField *part, void *object)
{
    if (tw_lexer_skip(l, part->words[1])) {
        *tw_field_byte(part, object) |= part->mask;
        return true;
    }
    if (tw_lexer_skip(l, part->words[0])) {
        return true;
    }
    char what[64];
    g_snprintf(what, sizeof what, "%s or %s", part->words[0], part->words[1]);
    return tw_lexer_expected(l, what);
}

static bool parse_direction(TwLexer *l, uint8_t *perm)
{
    *perm = tw_lexer_is(l, "w") ? TW_W : TW_R;
    return tw_lexer_skip(l, *perm == TW_W ? "w" : "r") ||
           tw_lexer_expected(l, "r or w");
}

static bool parse_number(TwLexer *l, const TwField *part, uint64_t low,
                         uint64_t high, const char *what, void *object)
{
    uint64_t value;
    if (!tw_lexer_number(l, low, high, what, &value)) {
        return false;
    }
    tw_field_set(part, object, value);
    return true;
}

static void *field_at(const TwField *field, void *object)
{
    return (char *)object + field->field;
}

bool tw_text_field(TwLexer *l, const TwField *field, void *object)
{
    switch (field->type) {
    case TW_FIELD_ADDRESS:
    case TW_FIELD_VALUE:
        return parse_number(l, field, 0, UINT64_MAX, field->expected, object);
    case TW_FIELD_LENGTH:
        return tw_lexer_size(l, tw_field_long(field, object));
    case TW_FIELD_SIZE:
        return parse_number(l, field, 1, TW_MAX_ACCESS, field->expected,
                            object);
    case TW_FIELD_POWER:
        return tw_lexer_power(l, field->least, field->most, field->expected,
                              tw_field_byte(field, object));
    case TW_FIELD_BITS:
        return parse_number(l, field, 1, 64, "1 to 64 bits", object);
    case TW_FIELD_RIGHTS:
        return tw_lexer_perm(l, field->mask, tw_field_byte(field, object));
    case TW_FIELD_DIRECTION:
        return parse_direction(l, tw_field_byte(field, object));
    case TW_FIELD_ATTRS:
        return tw_lexer_attrs(l, (TwAttrs *)field_at(field, object));
    case TW_FIELD_SWITCH:
        return parse_switch(l, field, object);
    case TW_FIELD_PRIORITY:
        return tw_lexer_priority(l, (int32_t *)field_at(field, object));
    case TW_FIELD_EVENT:
    case TW_FIELD_EVENTS:
        return tw_lexer_events(l, field->type == TW_FIELD_EVENT,
                               tw_field_byte(field, object));
    case TW_FIELD_WORD:
        return tw_lexer_name(l, field->name, field->count, field->expected,
                             tw_field_byte(field, object));
    case TW_FIELD_ID:
        return tw_lexer_id(l, tw_objects[field->object].letter,
                           tw_objects[field->object].most,
                           tw_field_byte(field, object));
    default: /* TW_FIELD_NUMBER */
        return parse_number(l, field, field->least,
                            field->width == 1 ? field->most : UINT32_MAX,
                            field->expected, object);
    }
}

static bool parse_arg(TwLexer *l, TwArg arg, TwOp *op)
{
    const TwArgInfo *info = &tw_args[arg];
    if (info->lead && !tw_lexer_word(l, info->lead)) {
        return false;
    }
    for (const TwField *part = info->parts; part->type != TW_FIELD_NONE;
         part++) {
        bool good;
        TwRange range;
        if (part->type == TW_FIELD_ID) {
            bool index = part[1].type == TW_FIELD_INDEX;
            good = parse_id(l, part, index ? part + 1 : NULL, op);
            part += index;
        } else if (part[1].type == TW_FIELD_END) {
            good = tw_lexer_range(l, &range);
            if (good) {
                tw_field_set(part, op, range.first);
                tw_field_set(part + 1, op, range.last);
            }
            part++;
        } else {
            good = tw_text_field(l, part, op);
        }
        if (!good) {
            return false;
        }
    }
    return true;
}

/* "c1:" in front of an operation. */
static bool parse_actor_prefix(TwLexer *l, TwOp *op)
{
    if (l->length < 2 || l->word[l->length - 1] != ':') {
        return true;
    }
    if (l->length != 3 || l->word[0] != 'c' || l->word[1] < '0' ||
        l->word[1] >= '0' + TW_MAX_CPUS) {
        return tw_lexer_expected(l, "an actor from c0: to c3:");
    }
    op->actor = (uint8_t)(l->word[1] - '0');
    tw_lexer_next(l);
    return true;
}

bool tw_text_op(TwLexer *l, const TwProgram *program, bool script, TwOp *op)
{
    *op = (TwOp){.actor = TW_BOARD};
    if (script && tw_lexer_skip(l, "during")) {
        op->flags |= TW_OPF_DURING;
    }
    const char *prefix = l->word;
    size_t prefix_length = l->length;
    if (script && !parse_actor_prefix(l, op)) {
        return false;
    }
    if (tw_lexer_skip(l, "entry")) {
        return tw_text_entry(l, program, op);
    }
    unsigned code = tw_op_find(l->word, l->length);
    if (code == TW_OP_CODES) {
        return tw_lexer_expected(l, "an operation");
    }
    const TwOpInfo *info = tw_op_info(code);
    if (op->actor != TW_BOARD &&
        (info->flags & (TW_OP_CPU_ACCESS | TW_OP_BOARD_ONLY))) {
        l->word = prefix;
        l->length = prefix_length;
        return tw_lexer_refuse(l, "no actor before this operation");
    }
    op->code = (uint8_t)code;
    tw_lexer_next(l);
    for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
        if (!parse_arg(l, (TwArg)info->args[i], op)) {
            return false;
        }
    }
    if (info->flags & TW_OP_CPU_ACCESS) {
        op->actor = op->obj;
        if (op->code == TW_OP_RMW && tw_lexer_skip(l, "exclusive")) {
            op->flags |= TW_OPF_EXCLUSIVE;
        }
        if ((op->code == TW_OP_READ || op->code == TW_OP_WRITE) &&
            tw_lexer_skip(l, "paired")) {
            op->flags |= TW_OPF_PAIRED;
        }
        if (tw_lexer_skip(l, "from")) {
            op->flags |= TW_OPF_FROM;
            if (!tw_lexer_number(l, 0, UINT64_MAX, "an address", &op->from)) {
                return false;
            }
        }
    } else if ((info->flags & TW_OP_ACCESS) && tw_lexer_skip(l, "via")) {
        op->flags |= TW_OPF_VIA;
        if (!tw_lexer_id(l, 'm', TW_MAX_MAPPINGS, &op->other)) {
            return false;
        }
    }
    return tw_lexer_end(l);
}

/* Writing ------------------------------------------------------------------ */

static void write_id(GString *out, const TwField *part, unsigned id)
{
    if (part->object == TW_OBJECT_CPU && id == TW_ALL) {
        g_string_append(out, "all");
    } else {
        g_string_append_printf(out, "%c%u", tw_objects[part->object].letter,
                               id);
    }
}

void tw_text_write_field(GString *out, const TwField *part, const void *object)
{
    uint64_t value = tw_field_get(part, object);
    const char *name;
    switch (part->type) {
    case TW_FIELD_ID:
        write_id(out, part, (unsigned)value);
        break;
    case TW_FIELD_INDEX:
    case TW_FIELD_SIZE:
    case TW_FIELD_BITS:
    case TW_FIELD_NUMBER:
    case TW_FIELD_PIECE:
    case TW_FIELD_PIECE_END:
        g_string_append_printf(out, "%" PRIu64, value);
        break;
    case TW_FIELD_ADDRESS:
    case TW_FIELD_END:
    case TW_FIELD_VALUE:
        g_string_append_printf(out, "0x%" PRIx64, value);
        break;
    case TW_FIELD_LENGTH:
        tw_write_size(out, value);
        break;
    case TW_FIELD_POWER:
        g_string_append_printf(out, part->decimal ? "%" PRIu64 : "0x%" PRIx64,
                               value < 64 ? UINT64_C(1) << value : 0);
        break;
    case TW_FIELD_RIGHTS:
    case TW_FIELD_DIRECTION:
        tw_write_perm(out, (unsigned)value);
        break;
    case TW_FIELD_ATTRS:
        tw_write_attrs(out, (TwAttrs)value);
        break;
    case TW_FIELD_SWITCH:
        g_string_append(out, part->words[(value & part->mask) != 0]);
        break;
    case TW_FIELD_PRIORITY:
        g_string_append_printf(out, "%" PRId32, (int32_t)value);
        break;
    case TW_FIELD_EVENT:
    case TW_FIELD_EVENTS:
        tw_write_events(out, (unsigned)value);
        break;
    default: /* TW_FIELD_WORD */
        name = part->name((unsigned)value);
        g_string_append(out, name ? name : "?");
        break;
    }
}

static void write_arg(GString *out, TwArg arg, const TwOp *op)
{
    const TwArgInfo *info = &tw_args[arg];
    if (info->lead) {
        g_string_append(out, info->lead);
        g_string_append_c(out, ' ');
    }
    for (const TwField *part = info->parts; part->type != TW_FIELD_NONE;
         part++) {
        if (part != info->parts) {
            g_string_append(out, part->type == TW_FIELD_INDEX ? "."
                                 : part->type == TW_FIELD_END ? ".."
                                                              : " ");
        }
        tw_text_write_field(out, part, op);
    }
}

void tw_op_print(const TwProgram *program, const TwOp *op, GString *out)
{
    const TwOpInfo *info = tw_op_info(op->code);
    if (!info) {
        g_string_append_printf(out, "operation-%u", op->code);
        return;
    }
    if (op->flags & TW_OPF_DURING) {
        g_string_append(out, "during ");
    }
    if (op->actor != TW_BOARD && !(info->flags & TW_OP_CPU_ACCESS)) {
        g_string_append_printf(out, "c%u: ", op->actor);
    }
    if (op->code == TW_OP_POKE && tw_text_write_entry(out, program, op)) {
        return;
    }
    g_string_append(out, info->name);
    for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
        g_string_append_c(out, ' ');
        write_arg(out, info->args[i], op);
    }
    if (op->flags & TW_OPF_EXCLUSIVE) {
        g_string_append(out, " exclusive");
    }
    if (op->flags & TW_OPF_PAIRED) {
        g_string_append(out, " paired");
    }
    if (op->flags & TW_OPF_FROM) {
        g_string_append_printf(out, " from 0x%" PRIx64, op->from);
    }
    if (op->flags & TW_OPF_VIA) {
        g_string_append_printf(out, " via m%u", op->other);
    }
}
