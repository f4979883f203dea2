/* SPDX-License-Identifier: MIT */
/*
 * Rarer operations have an effect only in certain sequences.  Do the
 * generator's moves make these, for the whole language, even if no target has
 * all of it?
 */
#include <glib.h>

#include "fuzz/generate/generate.h"
#include "program/legality.h"
#include "program/ops.h"

static TwProgram program;

/* What the language has and the kinds of IOMMU that are made: what targets come
 * to have one operation after another. */
static TwDialect rich_dialect(void)
{
    TwDialect dialect = tw_dialect_full();

    for (unsigned code = TW_OP_PAR; code < TW_OP_CODES; code++) {
        tw_ops_remove(&dialect.ops, code);
    }
    dialect.ops = tw_ops_without(
        dialect.ops, TW_OPS(TW_OP_DMA_MAP, TW_OP_MPC_READ, TW_OP_MPC_WRITE,
                            TW_OP_POKE, TW_OP_CONTEXT, TW_OP_INVALIDATE));
    dialect.op_flags &= (uint8_t) ~(TW_OPF_VIA | TW_OPF_FROM);
    dialect.iommu_kinds = 1u << TW_IOMMU_TABLE;
    dialect.contents = 1u << TW_CONTENTS_DATA;
    return dialect;
}

/* Sequences in which rarer operations have an effect; each is counted when its
 * last operation is legal. */
enum {
    SEEN_RESTORED,       /* snapshot, change, restore, access */
    SEEN_REUSED,         /* two restores of one snapshot */
    SEEN_DURING,         /* during below an access that was flushed before */
    SEEN_DURING_AGAIN,   /* and the address is accessed again */
    SEEN_LISTENED,       /* listen, topology change outside a transaction */
    SEEN_LISTENED_BATCH, /* listen, a transaction of changes */
    SEEN_UNLISTENED,
    SEEN_REPLAYED,   /* observe, map with rights, replay */
    SEEN_VETOED,     /* veto on, observe */
    SEEN_VETOED_END, /* veto on, unobserve */
    SEEN_VETO_OFF,
    SEEN_CLEARED, /* dirty-log on, store, clear, store, clear */
    SEEN_UNLOGGED,
    SEEN_AGED, /* full flush, clock, full flush of the same CPU */
    SEEN_SEQUENCES
};

static const char *const seen_names[SEEN_SEQUENCES] = {
    "restored",       "reused",     "during",   "during-again", "listened",
    "listened-batch", "unlistened", "replayed", "vetoed",       "vetoed-end",
    "veto-off",       "cleared",    "unlogged", "aged"};

static bool is_store(unsigned code)
{
    return code == TW_OP_WRITE || code == TW_OP_RMW || code == TW_OP_DMA_WRITE;
}

static void count_sequences(const TwProgram *p, uint64_t *seen)
{
    static TwLegality legality;
    bool saved = false, changed = false, restored = false, fresh = false;
    bool mapped = false, flushed[TW_MAX_CPUS] = {false}, batch = false;
    bool aged[TW_MAX_CPUS] = {false};
    unsigned listeners = 0, observers = 0, vetoes = 0, reuses = 0, depth = 0;
    unsigned steps[TW_MAX_REGIONS] = {0}; /* of the dirty log */
    uint64_t during_at = UINT64_MAX;

    tw_legality_init(&legality, p);
    for (unsigned i = 0; i < p->n_script; i++) {
        const TwOp *op = &p->script[i];
        const TwOpInfo *info = tw_op_info(op->code);
        bool store = is_store(op->code);

        if (tw_legality_step(&legality, op) != TW_LEGAL) {
            continue;
        }
        if (op->flags & TW_OPF_DURING) {
            seen[SEEN_DURING] += fresh;
            during_at = i > 0 ? p->script[i - 1].addr : UINT64_MAX;
        }
        if (info->flags & TW_OP_ACCESS) {
            seen[SEEN_RESTORED] += restored && changed;
            seen[SEEN_DURING_AGAIN] += op->addr == during_at;
            fresh = i > 0 && p->script[i - 1].code == TW_OP_FLUSH_PAGE;
            changed = changed && !restored;
            restored = false;
            during_at = UINT64_MAX;
        }
        if (info->flags & TW_OP_CHANGE && op->code != TW_OP_RESTORE) {
            changed |= saved;
            mapped |= op->code == TW_OP_MAP && op->perm != 0;
        }
        if (info->flags & TW_OP_TOPOLOGY && listeners) {
            seen[SEEN_LISTENED] += depth == 0;
            batch |= depth > 0;
        }
        for (unsigned r = 0; store && r < p->n_regions; r++) {
            steps[r] += steps[r] == 1 || steps[r] == 3;
        }
        switch (op->code) {
        case TW_OP_SNAPSHOT:
            saved = true;
            changed = false;
            reuses = 0;
            break;
        case TW_OP_RESTORE:
            restored = true;
            seen[SEEN_REUSED] += reuses++ == 1;
            break;
        case TW_OP_BEGIN:
            depth++;
            break;
        case TW_OP_COMMIT:
            depth--;
            seen[SEEN_LISTENED_BATCH] += batch && depth == 0;
            batch = false;
            break;
        case TW_OP_LISTEN:
            listeners++;
            break;
        case TW_OP_UNLISTEN:
            listeners--;
            seen[SEEN_UNLISTENED]++;
            break;
        case TW_OP_OBSERVE:
            observers++;
            seen[SEEN_VETOED] += vetoes >> op->other & 1;
            break;
        case TW_OP_UNOBSERVE:
            observers--;
            seen[SEEN_VETOED_END] += vetoes != 0;
            break;
        case TW_OP_REPLAY:
            seen[SEEN_REPLAYED] += mapped && observers > 0;
            break;
        case TW_OP_VETO:
            seen[SEEN_VETO_OFF] += vetoes != 0 && !(op->flags & TW_OPF_ON);
            vetoes = op->flags & TW_OPF_ON ? vetoes | 1u << op->obj
                                           : vetoes & ~(1u << op->obj);
            break;
        case TW_OP_DIRTY_LOG:
            seen[SEEN_UNLOGGED] += !(op->flags & TW_OPF_ON) && steps[op->obj];
            steps[op->obj] = op->flags & TW_OPF_ON ? 1 : 0;
            break;
        case TW_OP_DIRTY_CLEAR:
            seen[SEEN_CLEARED] += steps[op->obj] == 4;
            steps[op->obj] = steps[op->obj] == 2 ? 3 : steps[op->obj] != 0;
            break;
        case TW_OP_CLOCK:
            for (unsigned c = 0; c < TW_MAX_CPUS; c++) {
                aged[c] = flushed[c];
            }
            break;
        case TW_OP_FLUSH_ALL:
        case TW_OP_FLUSH_INDEX:
            if (op->obj != TW_ALL) {
                seen[SEEN_AGED] += aged[op->obj];
                flushed[op->obj] = true;
                aged[op->obj] = false;
            }
            break;
        default:
            break;
        }
    }
}

/* In every profile that has the moves at all, each of them, often enough to
 * be met in a campaign of some seconds. */
static void test_sequences(void)
{
    enum { PROGRAMS = 4000 };
    TwDialect dialect = rich_dialect();
    uint64_t total[SEEN_SEQUENCES] = {0};

    for (unsigned profile = 0; profile < TW_PROFILES; profile++) {
        uint64_t seen[SEEN_SEQUENCES] = {0};
        g_autoptr(GString) line = g_string_new(tw_profile_name(profile));

        for (unsigned i = 0; i < PROGRAMS; i++) {
            TwRng rng = tw_rng_for(9, i);
            tw_generate(&program, (TwProfile)profile, &dialect, &rng);
            count_sequences(&program, seen);
        }
        for (unsigned i = 0; i < SEEN_SEQUENCES; i++) {
            g_string_append_printf(line, "%s %s %" G_GUINT64_FORMAT,
                                   i ? "," : "", seen_names[i], seen[i]);
            total[i] += seen[i];
        }
        g_test_message("%s", line->str);
    }
    for (unsigned i = 0; i < SEEN_SEQUENCES; i++) {
        if (total[i] < PROGRAMS / 100) {
            g_error("%s: %" G_GUINT64_FORMAT, seen_names[i], total[i]);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/moves/sequences", test_sequences);
    return g_test_run();
}
