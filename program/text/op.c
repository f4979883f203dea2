/* SPDX-License-Identifier: MIT */
/* One operation as text, read and written by the table of ops.c. */
#include "program/text/op.h"

#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/text.h"

/* Reading ------------------------------------------------------------------ */

/* c0.1, and all.1 if `all`. */
static bool parse_cpu_index(TwLexer *l, bool all, TwOp *op)
{
    if (all && l->length == 5 && memcmp(l->word, "all.", 4) == 0) {
        unsigned index = (unsigned)(l->word[4] - '0');
        if (index < TW_MAX_MMU_INDEXES) {
            op->obj = TW_ALL;
            op->index = (uint8_t)index;
            tw_lexer_next(l);
            return true;
        }
    }
    return tw_lexer_id_index(l, 'c', TW_MAX_CPUS, TW_MAX_MMU_INDEXES, &op->obj,
                             &op->index);
}

static bool parse_word_number(TwLexer *l, const char *word, uint64_t *value)
{
    return tw_lexer_word(l, word) &&
           tw_lexer_number(l, 0, UINT64_MAX, NULL, value);
}

static bool parse_small(TwLexer *l, uint64_t low, uint64_t high,
                        const char *what, uint8_t *value)
{
    uint64_t number;
    if (!tw_lexer_number(l, low, high, what, &number)) {
        return false;
    }
    *value = (uint8_t)number;
    return true;
}

/* One word of two, the second of which sets a flag. */
static bool parse_switch(TwLexer *l, const char *off, const char *on,
                         unsigned flag, TwOp *op)
{
    if (tw_lexer_skip(l, on)) {
        op->flags |= (uint8_t)flag;
        return true;
    }
    if (tw_lexer_skip(l, off)) {
        return true;
    }
    char what[64];
    g_snprintf(what, sizeof what, "%s or %s", off, on);
    return tw_lexer_expected(l, what);
}

/* Operands that name an object. */
static bool parse_object(TwLexer *l, TwArg arg, TwOp *op)
{
    switch (arg) {
    case TW_ARG_CPU_OR_ALL:
        if (tw_lexer_skip(l, "all")) {
            op->obj = TW_ALL;
            return true;
        }
        /* fall through */
    case TW_ARG_CPU:
        return tw_lexer_id(l, 'c', TW_MAX_CPUS, &op->obj);
    case TW_ARG_CPU_INDEX:
    case TW_ARG_ANY_CPU_INDEX:
        return parse_cpu_index(l, arg == TW_ARG_ANY_CPU_INDEX, op);
    case TW_ARG_IOMMU:
        return tw_lexer_id(l, 'i', TW_MAX_IOMMUS, &op->obj);
    case TW_ARG_IOMMU_INDEX:
        return tw_lexer_id_index(l, 'i', TW_MAX_IOMMUS, TW_MAX_IOMMU_INDEXES,
                                 &op->obj, &op->index);
    case TW_ARG_OF_IOMMU:
        return tw_lexer_word(l, "of") &&
               tw_lexer_id_index(l, 'i', TW_MAX_IOMMUS, TW_MAX_IOMMU_INDEXES,
                                 &op->other, &op->index);
    case TW_ARG_REGION:
        return tw_lexer_id(l, 'r', TW_MAX_REGIONS, &op->obj);
    case TW_ARG_IN_REGION:
        return tw_lexer_word(l, "in") &&
               tw_lexer_id(l, 'r', TW_MAX_REGIONS, &op->other);
    case TW_ARG_SPACE:
        return tw_lexer_id(l, 's', TW_MAX_SPACES, &op->obj);
    case TW_ARG_OF_SPACE:
        return tw_lexer_word(l, "of") &&
               tw_lexer_id(l, 's', TW_MAX_SPACES, &op->other);
    case TW_ARG_TO_SPACE:
        return tw_lexer_word(l, "->") &&
               tw_lexer_id(l, 's', TW_MAX_SPACES, &op->other) &&
               tw_lexer_number(l, 0, UINT64_MAX, NULL, &op->out);
    case TW_ARG_OBSERVER:
        return tw_lexer_id(l, 'o', TW_MAX_OBSERVERS, &op->obj);
    default:
        return tw_lexer_id(l, 'm', TW_MAX_MAPPINGS, &op->obj);
    }
}

static bool parse_arg(TwLexer *l, TwArg arg, TwOp *op)
{
    TwRange range;
    uint64_t value;
    switch (arg) {
    case TW_ARG_AT:
        return parse_word_number(l, "at", &op->addr);
    case TW_ARG_ADDR:
        return tw_lexer_number(l, 0, UINT64_MAX, "an address", &op->addr);
    case TW_ARG_RANGE:
        if (!tw_lexer_range(l, &range)) {
            return false;
        }
        op->addr = range.first;
        op->last = range.last;
        return true;
    case TW_ARG_LENGTH:
        return tw_lexer_size(l, &op->last);
    case TW_ARG_SIZE:
        return parse_small(l, 1, TW_MAX_ACCESS, "1 to 8 bytes", &op->size);
    case TW_ARG_RMW_SIZE:
        return parse_small(l, 1, TW_MAX_ACCESS, "1, 2, 4 or 8 bytes",
                           &op->size);
    case TW_ARG_TO:
        return parse_word_number(l, "->", &op->out);
    case TW_ARG_VALUE:
        return parse_word_number(l, "=", &op->out);
    case TW_ARG_OF_SIZE:
        return tw_lexer_word(l, "size") &&
               tw_lexer_power(l, TW_MIN_GRANULE_LG, 63,
                              "a power of two from 16 to 2^63", &op->lg);
    case TW_ARG_BITS:
        return tw_lexer_word(l, "bits") &&
               parse_small(l, 1, 64, "1 to 64 bits", &op->lg);
    case TW_ARG_PERM:
        return tw_lexer_perm(l, TW_R | TW_W | TW_X, &op->perm);
    case TW_ARG_IOMMU_PERM:
        return tw_lexer_perm(l, TW_R | TW_W, &op->perm);
    case TW_ARG_DIRECTION:
        op->perm = tw_lexer_is(l, "w") ? TW_W : TW_R;
        if (!tw_lexer_skip(l, op->perm == TW_W ? "w" : "r")) {
            return tw_lexer_expected(l, "r or w");
        }
        return true;
    case TW_ARG_ATTRS:
        return tw_lexer_attrs(l, &op->attrs);
    case TW_ARG_NOTIFIED:
        return parse_switch(l, "silent", "notified", TW_OPF_NOTIFIED, op);
    case TW_ARG_ON:
        return parse_switch(l, "off", "on", TW_OPF_ON, op);
    case TW_ARG_PRIO:
        return tw_lexer_word(l, "prio") && tw_lexer_priority(l, &op->priority);
    case TW_ARG_EVENT:
    case TW_ARG_EVENTS:
        return tw_lexer_events(l, arg == TW_ARG_EVENT, &op->kinds);
    case TW_ARG_SCOPE:
        return tw_lexer_name(l, tw_scope_name, TW_SCOPES,
                             "global, domain, range or context", &op->kinds);
    case TW_ARG_COUNT:
        if (!tw_lexer_number(l, 0, UINT32_MAX, "a number of 32 bits", &value)) {
            return false;
        }
        op->count = (uint32_t)value;
        return true;
    default:
        return parse_object(l, arg, op);
    }
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

bool tw_text_op(TwLexer *l, bool script, TwOp *op)
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
    unsigned code = tw_op_find(l->word, l->length);
    if (code == TW_OP_CODES) {
        return tw_lexer_expected(l, "an operation");
    }
    const TwOpInfo *info = tw_op_info(code);
    if (op->actor != TW_BOARD &&
        (info->flags & (TW_OP_CPU_ACCESS | TW_OP_BOARD_ONLY))) {
        l->word = prefix;
        l->length = prefix_length;
        return tw_lexer_expected(l, "no actor before this operation");
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
        if (tw_lexer_skip(l, "from")) {
            op->flags |= TW_OPF_FROM;
            if (!tw_lexer_number(l, 0, UINT64_MAX, "an address", &op->out)) {
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

static void write_address(GString *out, uint64_t address)
{
    g_string_append_printf(out, "0x%" PRIx64, address);
}

static void write_cpu(GString *out, unsigned cpu)
{
    if (cpu == TW_ALL) {
        g_string_append(out, "all");
    } else {
        g_string_append_printf(out, "c%u", cpu);
    }
}

static void write_arg(GString *out, const TwOp *op, TwArg arg)
{
    switch (arg) {
    case TW_ARG_END:
    case TW_ARG_KINDS:
        break;
    case TW_ARG_CPU:
    case TW_ARG_CPU_OR_ALL:
        write_cpu(out, op->obj);
        break;
    case TW_ARG_CPU_INDEX:
    case TW_ARG_ANY_CPU_INDEX:
        write_cpu(out, op->obj);
        g_string_append_printf(out, ".%u", op->index);
        break;
    case TW_ARG_IOMMU:
        g_string_append_printf(out, "i%u", op->obj);
        break;
    case TW_ARG_IOMMU_INDEX:
        g_string_append_printf(out, "i%u.%u", op->obj, op->index);
        break;
    case TW_ARG_OF_IOMMU:
        g_string_append_printf(out, "of i%u.%u", op->other, op->index);
        break;
    case TW_ARG_REGION:
        g_string_append_printf(out, "r%u", op->obj);
        break;
    case TW_ARG_IN_REGION:
        g_string_append_printf(out, "in r%u", op->other);
        break;
    case TW_ARG_SPACE:
        g_string_append_printf(out, "s%u", op->obj);
        break;
    case TW_ARG_OF_SPACE:
        g_string_append_printf(out, "of s%u", op->other);
        break;
    case TW_ARG_OBSERVER:
        g_string_append_printf(out, "o%u", op->obj);
        break;
    case TW_ARG_MAPPING:
        g_string_append_printf(out, "m%u", op->obj);
        break;
    case TW_ARG_AT:
        g_string_append(out, "at ");
        /* fall through */
    case TW_ARG_ADDR:
        write_address(out, op->addr);
        break;
    case TW_ARG_RANGE:
        g_string_append_printf(out, "0x%" PRIx64 "..0x%" PRIx64, op->addr,
                               op->last);
        break;
    case TW_ARG_LENGTH:
        tw_write_size(out, op->last);
        break;
    case TW_ARG_SIZE:
    case TW_ARG_RMW_SIZE:
        g_string_append_printf(out, "%u", op->size);
        break;
    case TW_ARG_TO_SPACE:
        g_string_append_printf(out, "-> s%u 0x%" PRIx64, op->other, op->out);
        break;
    case TW_ARG_TO:
        g_string_append_printf(out, "-> 0x%" PRIx64, op->out);
        break;
    case TW_ARG_VALUE:
        g_string_append_printf(out, "= 0x%" PRIx64, op->out);
        break;
    case TW_ARG_OF_SIZE:
        g_string_append_printf(out, "size 0x%" PRIx64,
                               op->lg < 64 ? UINT64_C(1) << op->lg : 0);
        break;
    case TW_ARG_BITS:
        g_string_append_printf(out, "bits %u", op->lg);
        break;
    case TW_ARG_PERM:
    case TW_ARG_IOMMU_PERM:
    case TW_ARG_DIRECTION:
        tw_write_perm(out, op->perm);
        break;
    case TW_ARG_ATTRS:
        tw_write_attrs(out, op->attrs);
        break;
    case TW_ARG_NOTIFIED:
        g_string_append(out,
                        op->flags & TW_OPF_NOTIFIED ? "notified" : "silent");
        break;
    case TW_ARG_ON:
        g_string_append(out, op->flags & TW_OPF_ON ? "on" : "off");
        break;
    case TW_ARG_PRIO:
        g_string_append_printf(out, "prio %" PRId32, op->priority);
        break;
    case TW_ARG_EVENT:
    case TW_ARG_EVENTS:
        tw_write_events(out, op->kinds);
        break;
    case TW_ARG_SCOPE: {
        const char *scope = tw_scope_name(op->kinds);
        g_string_append(out, scope ? scope : "?");
        break;
    }
    case TW_ARG_COUNT:
        g_string_append_printf(out, "%" PRIu32, op->count);
        break;
    }
}

void tw_op_print(const TwProgram *program, const TwOp *op, GString *out)
{
    (void)program; /* operands are written by id, not by what they are */
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
    g_string_append(out, info->name);
    for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
        g_string_append_c(out, ' ');
        write_arg(out, op, info->args[i]);
    }
    if (op->flags & TW_OPF_FROM) {
        g_string_append_printf(out, " from 0x%" PRIx64, op->out);
    }
    if (op->flags & TW_OPF_VIA) {
        g_string_append_printf(out, " via m%u", op->other);
    }
}
