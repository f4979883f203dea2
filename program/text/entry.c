/* SPDX-License-Identifier: MIT */
/* `entry`: a `poke` of an entry of a page table, by the fields of the entry. */
#include "program/entry.h"

#include <inttypes.h>

#include "program/text/object.h"
#include "program/text/op.h"
#include "program/text/text.h"

static const char *const kinds[] = {
    [TW_ENTRY_NOTHING] = "nothing",
    [TW_ENTRY_TABLE] = "table",
    [TW_ENTRY_LEAF] = "leaf",
};

static const char *kind_name(unsigned kind)
{
    return kind < G_N_ELEMENTS(kinds) ? kinds[kind] : NULL;
}

/* The fields behind "=", as the bytes of the entry. */
static bool parse_fields(TwLexer *l, const TwIommu *iommu, unsigned level,
                         uint64_t *value)
{
    TwLexer at = *l;
    TwEntry entry = {.kind = TW_ENTRY_NOTHING};

    if (!tw_lexer_name(l, kind_name, G_N_ELEMENTS(kinds),
                       "nothing, table or leaf", &entry.kind)) {
        return false;
    }
    if (entry.kind != TW_ENTRY_NOTHING) {
        if (!tw_lexer_number(l, 0, UINT64_MAX, "an address", &entry.address) ||
            !tw_lexer_perm(l, TW_R | TW_W, &entry.perm)) {
            return false;
        }
        if (tw_lexer_skip(l, "+") &&
            !tw_lexer_number(l, 1, UINT64_MAX, "further bits", &entry.more)) {
            return false;
        }
    }
    if (tw_entry_value(iommu, level, &entry, value)) {
        return true;
    }
    return tw_lexer_expected_at(l, at.line, tw_lexer_column(&at),
                                "an entry that the format has at this level");
}

bool tw_text_entry(TwLexer *l, const TwProgram *program, TwOp *op)
{
    TwLexer at = *l;
    TwIommu iommu;
    uint64_t level;
    uint8_t id;

    op->code = TW_OP_POKE;
    if (!tw_lexer_id(l, 'i', TW_MAX_IOMMUS, &id)) {
        return false;
    }
    iommu = program->iommus[id];
    if (id >= program->n_iommus || iommu.kind != TW_IOMMU_PAGETABLE) {
        return tw_lexer_expected_at(l, at.line, tw_lexer_column(&at),
                                    "a pagetable that a line above declares");
    }
    if (iommu.granule_lg == TW_GRANULE_OF_PAGE) {
        iommu.granule_lg = program->page_lg;
    }
    if (!tw_lexer_word(l, "level")) {
        return false;
    }
    at = *l;
    if (!tw_lexer_number(l, 1, 6, "a level from 1 to 6", &level)) {
        return false;
    }
    if (level > iommu.pagetable.levels) {
        return tw_lexer_expected_at(l, at.line, tw_lexer_column(&at),
                                    "a level that the IOMMU has");
    }
    return tw_lexer_id(l, 'r', TW_MAX_REGIONS, &op->obj) &&
           tw_lexer_number(l, 0, UINT64_MAX, "an offset", &op->addr) &&
           tw_lexer_word(l, "=") &&
           parse_fields(l, &iommu, (unsigned)level, &op->value) &&
           tw_lexer_end(l);
}

bool tw_text_write_entry(GString *out, const TwProgram *program, const TwOp *op)
{
    TwEntryPlace place = tw_entry_place(program, op);
    TwEntry entry;

    if (place.level == 0 || !tw_entry_read(&program->iommus[place.iommu],
                                           place.level, op->value, &entry)) {
        return false;
    }
    g_string_append_printf(out, "entry i%u level %u r%u 0x%" PRIx64 " = ",
                           place.iommu, place.level, op->obj, op->addr);
    tw_write_entry(out, &entry);
    return true;
}

void tw_write_entry(GString *out, const TwEntry *entry)
{
    g_string_append(out, kinds[entry->kind]);
    if (entry->kind == TW_ENTRY_NOTHING) {
        return;
    }
    g_string_append_printf(out, " 0x%" PRIx64 " ", entry->address);
    tw_write_perm(out, entry->perm);
    if (entry->more) {
        g_string_append_printf(out, " + 0x%" PRIx64, entry->more);
    }
}
