/* SPDX-License-Identifier: MIT */
/*
 * A pagetable becomes an IOMMU of kind `table` with the entries that its tables
 * give, as far as the program's own pokes and contexts make them: what remains
 * to be shrunk has an operation for each change, not one for each level.
 */
#include "fuzz/minimise/passes.h"

#include <glib.h>
#include <string.h>

#include "program/entry.h"
#include "program/layout.h"
#include "program/ops.h"

enum {
    GRANULES = 64, /* of the IOMMU's region that are looked at */
    WORDS = 256,   /* pokes that are remembered */
};

typedef struct Entry {
    uint64_t out;
    uint8_t perm;
} Entry;

typedef struct Untable {
    TwProgram *program;
    const TwIommu *iommu;
    const TwLayout *layout;
    uint8_t id, block;
    uint64_t root[TW_MAX_IOMMU_INDEXES];
    uint8_t domain[TW_MAX_IOMMU_INDEXES];
    unsigned n_words;
    struct {
        uint64_t at, value;
    } words[WORDS];
    unsigned n_granules;
    uint64_t granules[GRANULES]; /* their first offsets, ascending */
    Entry entries[TW_MAX_IOMMU_INDEXES][GRANULES];
    TwOp *to;
    uint16_t n, most;
} Untable;

static bool holds(TwBits bits, uint64_t word)
{
    return (word & bits.mask) == bits.value;
}

/* What was poked there last; 0, which is no entry, if nothing was. */
static uint64_t word_at(const Untable *u, uint64_t at)
{
    for (unsigned i = u->n_words; i-- > 0;) {
        if (u->words[i].at == at) {
            return u->words[i].value;
        }
    }
    return 0;
}

static Entry entry_at(const Untable *u, unsigned index, uint64_t x)
{
    const TwLayout *l = u->layout;
    unsigned g = u->iommu->granule_lg, per = g - 3u;
    unsigned level = u->iommu->pagetable.levels;
    uint64_t table = u->root[index];
    uint8_t perm = TW_R | TW_W;

    while (table != UINT64_MAX) {
        unsigned lg = g + (level - 1) * per, next = level - 1;
        uint64_t low = (UINT64_C(1) << lg) - 1;
        uint64_t word =
            word_at(u, table - u->iommu->pagetable.base +
                           8 * (x >> lg & ((UINT64_C(1) << per) - 1)));
        uint64_t address = (word & l->address) << l->shift;
        bool marked = l->leaf_some ? (word & l->leaf_some) != 0
                                   : (word & l->leaf_none) == 0;

        if (word == 0 || !holds(l->present, word) ||
            (u->iommu->pagetable.output != 0 &&
             address >> u->iommu->pagetable.output)) {
            break;
        }
        if (l->sized && (word >> l->next_shift & 7) == l->sized) {
            marked = true; /* twice the lowest bit that is 0 */
            low = (~address & -(UINT64_C(1) << g));
            low = 2 * (low & -low) - 1;
        }
        if (marked || (level == 1 && !l->last_by_bits)) {
            perm &= (holds(l->read, word) ? TW_R : 0) |
                    (holds(l->write, word) ? TW_W : 0);
            return (Entry){(address & ~low) | (x & low), perm};
        }
        if (l->next_shift) {
            next = word >> l->next_shift & 7;
        }
        if (next == 0 || next >= level) {
            break;
        }
        perm &= (holds(l->table_read, word) ? TW_R : 0) |
                (holds(l->table_write, word) ? TW_W : 0);
        table = address & ~((UINT64_C(1) << g) - 1);
        level = next;
    }
    return (Entry){0, 0};
}

static void put(Untable *u, TwOp op)
{
    if (u->n < u->most) {
        u->to[u->n++] = op;
    }
}

/* Puts a map or unmap for each run of granules that are no longer what they
 * were. */
static void put_changes(Untable *u, const TwOp *like)
{
    uint64_t granule = UINT64_C(1) << u->iommu->granule_lg;

    for (unsigned k = 0; k < u->iommu->indexes; k++) {
        TwOp *last = NULL;

        for (unsigned i = 0; i < u->n_granules; i++) {
            uint64_t x = u->granules[i];
            Entry now = entry_at(u, k, x), *was = &u->entries[k][i];
            TwOp op = {
                .code = now.perm ? TW_OP_MAP : TW_OP_UNMAP,
                .actor = like->actor,
                .flags = like->flags & TW_OPF_DURING,
                .obj = u->id,
                .index = (uint8_t)k,
                .other = now.perm ? u->iommu->bypass_space : 0,
                .perm = now.perm,
                .addr = x,
                .last = x + granule - 1,
                .out = now.out,
            };

            if (now.perm == was->perm && (!now.perm || now.out == was->out)) {
                last = NULL;
                continue;
            }
            *was = now;
            if (last && last->code == op.code && last->perm == op.perm &&
                last->last + 1 == x &&
                (!op.perm || op.out == last->out + (x - last->addr))) {
                last->last = op.last;
                continue;
            }
            put(u, op);
            last = u->n > 0 ? &u->to[u->n - 1] : NULL;
        }
    }
}

/* A command becomes UNMAP of what it is about. */
static void turn_command(Untable *u, const TwOp *op)
{
    bool all = op->scope == TW_SCOPE_GLOBAL || op->scope == TW_SCOPE_CONTEXTS;
    bool whole = op->scope == TW_SCOPE_DOMAIN || op->scope == TW_SCOPE_CONTEXT;
    TwOp notify = {.code = all ? TW_OP_NOTIFY_ALL : TW_OP_NOTIFY,
                   .actor = op->actor,
                   .flags = op->flags,
                   .obj = op->obj};

    if (all) {
        put(u, notify);
        return;
    }
    notify.events = TW_EVENT_UNMAP;
    notify.addr = whole ? 0 : op->addr;
    notify.last = whole ? UINT64_MAX : op->last;
    for (unsigned k = 0; k < u->iommu->indexes; k++) {
        notify.index = (uint8_t)k;
        if (op->scope == TW_SCOPE_CONTEXT ? k == op->whose % u->iommu->indexes
                                          : op->scope >= TW_SCOPE_ANY_RANGE ||
                                                u->domain[k] == op->whose) {
            put(u, notify);
        }
    }
}

/* Is there a pagetable besides, of which an entry may be? */
static bool has_others(const Untable *u)
{
    for (unsigned i = 0; i < u->program->n_iommus; i++) {
        if (i != u->id && u->program->iommus[i].kind == TW_IOMMU_PAGETABLE) {
            return true;
        }
    }
    return false;
}

/* An operation of the program as it was; where the entry is that it writes. */
static void turn(Untable *u, const TwOp *op, TwEntryPlace place)
{
    bool mine = op->obj == u->id;

    if (op->code == TW_OP_POKE &&
        u->program->regions[op->obj].block == u->block && u->n_words < WORDS) {
        u->words[u->n_words].at = op->addr;
        u->words[u->n_words++].value = op->value;
        put_changes(u, op);
        if (has_others(u) && (place.level == 0 || place.iommu != u->id)) {
            put(u, *op);
        }
    } else if (op->code == TW_OP_CONTEXT && mine) {
        unsigned index = op->requester % u->iommu->indexes;

        u->root[index] = op->mode == TW_CONTEXT_TABLES ? op->out : UINT64_MAX;
        u->domain[index] = op->domain;
        put_changes(u, op);
    } else if (op->code == TW_OP_INVALIDATE && mine) {
        turn_command(u, op);
    } else {
        if (op->code == TW_OP_IOMMU_RESET && mine) {
            memset(u->root, 0xff, sizeof(u->root));
            memset(u->entries, 0, sizeof(u->entries));
        }
        put(u, *op);
    }
}

static uint16_t turn_list(Untable *u, TwOp *list, const TwEntryPlace *places,
                          uint16_t n, uint16_t most)
{
    static _Thread_local TwOp
        from[TW_MAX_SCRIPT > TW_MAX_SETUP ? TW_MAX_SCRIPT : TW_MAX_SETUP];

    memcpy(from, list, n * sizeof(*from));
    u->to = list;
    u->n = 0;
    u->most = most;
    for (unsigned i = 0; i < n; i++) {
        turn(u, &from[i], places[i]);
    }
    return u->n;
}

static void add_granule(Untable *u, uint64_t x)
{
    unsigned i = u->n_granules;

    for (unsigned k = 0; k < u->n_granules; k++) {
        if (u->granules[k] == x) {
            return;
        }
    }
    if (u->n_granules == GRANULES) {
        return;
    }
    for (; i > 0 && u->granules[i - 1] > x; i--) {
        u->granules[i] = u->granules[i - 1];
    }
    u->granules[i] = x;
    u->n_granules++;
}

/* What an operation says that an IOMMU of a machine (path.h) may be asked
 * about: an address of a device; behind another IOMMU, also a table of that, or
 * where it leads. */
static void add_path(Untable *u, const TwOp *op)
{
    uint64_t low = (UINT64_C(1) << u->iommu->granule_lg) - 1;

    if (tw_op_is_dma(op)) {
        add_granule(u, op->addr & ~low);
    } else if (u->id > 0 && op->code == TW_OP_CONTEXT) {
        add_granule(u, op->out & ~low);
    } else if (u->id > 0 && op->code == TW_OP_POKE) {
        add_granule(u, (op->value & u->layout->address) << u->layout->shift &
                           ~low);
    }
}

/* The first of its region; or, where addresses of devices are offsets of it,
 * those that may be asked. */
static void choose_granules(Untable *u, const TwDialect *dialect)
{
    const TwProgram *p = u->program;
    uint64_t granule = UINT64_C(1) << u->iommu->granule_lg;

    for (unsigned i = 0; i < p->n_setup + p->n_script && dialect->path_stages;
         i++) {
        add_path(u, tw_op_at(p, i));
    }
    for (unsigned i = 0; i < GRANULES && !dialect->path_stages; i++) {
        add_granule(u, i * granule);
    }
}

static void untable(TwProgram *p, uint8_t id, const TwDialect *dialect)
{
    g_autofree TwEntryPlace *setup = g_new(TwEntryPlace, TW_MAX_SETUP);
    g_autofree TwEntryPlace *script = g_new(TwEntryPlace, TW_MAX_SCRIPT);
    TwIommu *m = &p->iommus[id];
    TwIommu was = *m;
    Untable u = {.program = p,
                 .iommu = &was,
                 .layout = tw_layout(was.pagetable.format),
                 .id = id,
                 .block = p->regions[was.pagetable.tables].block};

    choose_granules(&u, dialect);
    memset(u.root, 0xff, sizeof(u.root));
    tw_entry_places(p, p->setup, p->n_setup, setup);
    tw_entry_places(p, p->script, p->n_script, script);
    p->n_setup = turn_list(&u, p->setup, setup, p->n_setup, TW_MAX_SETUP);
    p->n_script = turn_list(&u, p->script, script, p->n_script, TW_MAX_SCRIPT);
    memset(&m->pagetable, 0, sizeof(m->pagetable));
    m->kind = TW_IOMMU_TABLE;
    tw_edit_tidy(p);
}

void tw_pass_untable(TwTurns *turns)
{
    for (unsigned i = turns->best->n_iommus; i-- > 0;) {
        const TwIommu *iommu = &turns->best->iommus[i];

        /* Where nested tables are, only a walk says. */
        if (iommu->kind == TW_IOMMU_PAGETABLE && !iommu->pagetable.nested) {
            TW_TURN(turns, p, untable(p, (uint8_t)i, turns->dialect));
        }
    }
}
