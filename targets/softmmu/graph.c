/* SPDX-License-Identifier: MIT */
/*
 * The live region graph, its changes, and transactions (MR and TX rules, LA-5
 * to LA-8).  The rest of the machine sees only the topology that the last
 * effective commit published.
 */
#include "targets/softmmu/internal.h"

static void note_changed(Machine *m, uint8_t id)
{
    tw_regions_add(&m->changed, id);
}

/* What siblings are ordered by: the priority (MR-6), and nothing else (MR-9).
 */
static int64_t child_rank(const Machine *m, uint8_t id)
{
    return zoo_child_rank(m, &m->regions[id], m->regions[id].priority);
}

/* Puts a region into its container's list (MR-5). */
static void child_insert(Machine *m, uint8_t id)
{
    Region *region = &m->regions[id];
    uint8_t *link = &m->regions[region->container].child;
    int64_t rank = child_rank(m, id);

    while (*link != TW_NONE &&
           (child_rank(m, *link) > rank ||
            (TW_BUG(m, TIE_OLDEST_WINS) && child_rank(m, *link) == rank))) {
        link = &m->regions[*link].next;
    }
    region->next = *link;
    *link = id;
    note_changed(m, region->container);
    note_changed(m, id);
}

static void child_remove(Machine *m, uint8_t id)
{
    Region *region = &m->regions[id];
    uint8_t *link = &m->regions[region->container].child;

    while (*link != id) {
        link = &m->regions[*link].next;
    }
    *link = region->next;
    note_changed(m, region->container);
    note_changed(m, id);
}

/* Transactions ----------------------------------------------------------- */

/* CPUs are told of every effective commit, whatever it changed (TX-7). */
static void commit_effective(Machine *m, uint8_t actor)
{
    count(m, TW_COUNT_COMMIT);
    TELL(m, "commit", "acts (TX-3, TX-7)");
    views_publish(m);
    iotlb_commit(m);
    m->pending = false;
    listeners_commit(m);
    mappings_end(m);
    for (unsigned c = 0; c < m->program->n_cpus; c++) {
        if (!zoo_sees_no_change(m, c) && !zoo_misses_commit(m, c)) {
            cpu_ask(m, c, actor, (Work){.kind = WORK_FLUSH_ALL});
        }
    }
}

static void transaction_begin(Machine *m)
{
    m->depth++;
}

static void transaction_commit(Machine *m, uint8_t actor)
{
    if ((--m->depth == 0 || TW_BUG(m, INNER_COMMIT_ACTS)) && m->pending) {
        commit_effective(m, actor);
    } else {
        TELL(m, "commit",
             m->depth > 0 ? "waits for the outermost (TX-1)"
                          : "nothing is pending (TX-1)");
    }
}

/* Mutators --------------------------------------------------------------- */

static bool both_enabled(const Machine *m, uint8_t id)
{
    const Region *region = &m->regions[id];

    return region->enabled && m->regions[region->container].enabled;
}

static void region_set_flag(Machine *m, uint8_t id, uint8_t flag, bool on)
{
    Region *region = &m->regions[id];

    if (!(region->flags & flag) != on) {
        return;
    }
    region->flags ^= flag;
    note_changed(m, id);
    m->pending |= region->enabled &&
                  !(TW_BUG(m, ROMD_SWITCH_NOT_PENDING) && flag == FLAG_ROMD);
}

static void region_move(Machine *m, uint8_t id, uint64_t addr)
{
    Region *region = &m->regions[id];

    if (region->addr == addr && !TW_BUG(m, MOVE_TO_SAME_REORDERS)) {
        return;
    }
    if (region->container == TW_NONE || TW_BUG(m, MOVE_KEEPS_PLACE)) {
        region->addr = addr;
        note_changed(m, id);
        zoo_move_in_place(m, id);
        return;
    }
    child_remove(m, id);
    region->addr = addr;
    child_insert(m, id); /* the newest of its class (MR-7) */
    m->pending = true;
}

static void region_add(Machine *m, const TwOp *op)
{
    Region *region = &m->regions[op->obj];

    region->container = op->other;
    region->addr = op->addr;
    if (!TW_BUG(m, ADD_KEEPS_PRIORITY) || op->priority != 0) { /* MR-6 */
        region->priority = op->priority;
    }
    region->enabled &= !(TW_BUG(m, READDED_IS_DISABLED) && m->depth > 1 &&
                         tw_regions_has(&m->changed, op->obj));
    child_insert(m, op->obj);
    m->pending |= both_enabled(m, op->obj);
}

static void region_del(Machine *m, uint8_t id)
{
    m->pending |= both_enabled(m, id);
    child_remove(m, id);
    m->regions[id].container = TW_NONE;
}

static void region_set_priority(Machine *m, uint8_t id, int32_t priority)
{
    child_remove(m, id);
    m->regions[id].priority = priority;
    child_insert(m, id);
    m->pending |= both_enabled(m, id);
}

static void region_resize(Machine *m, uint8_t id, uint64_t size)
{
    if (m->regions[id].size != size || TW_BUG(m, RESIZE_ALWAYS_PENDING)) {
        m->regions[id].size = size;
        note_changed(m, id);
        m->pending = true;
    }
}

static void region_enable(Machine *m, uint8_t id, bool on)
{
    if (m->regions[id].enabled != on) {
        m->regions[id].enabled = on;
        note_changed(m, id);
        zoo_reorder_enabled(m, id, on);
        m->pending = !(TW_BUG(m, UNDO_CLEARS_PENDING) && m->pending) &&
                     !TW_BUG(m, ENABLE_NOT_PENDING);
    }
}

static void region_set_alias_offset(Machine *m, uint8_t id, uint64_t offset)
{
    Region *region = &m->regions[id];

    if (region->alias_offset != offset) {
        region->alias_offset = offset;
        note_changed(m, id);
        m->pending |= region->enabled;
    }
}

/* One operation on the topology: a transaction of its own (LA-7). */
static void graph_change(Machine *m, const TwOp *op, uint8_t actor)
{
    bool on = op->flags & TW_OPF_ON;

    transaction_begin(m);
    switch (op->code) {
    case TW_OP_ADD:
        region_add(m, op);
        break;
    case TW_OP_DEL:
        region_del(m, op->obj);
        break;
    case TW_OP_MOVE:
        region_move(m, op->obj, op->addr);
        break;
    case TW_OP_RESIZE:
        region_resize(m, op->obj, op->length);
        break;
    case TW_OP_ENABLE:
        region_enable(m, op->obj, on);
        break;
    case TW_OP_PRIORITY:
        region_set_priority(m, op->obj, op->priority);
        break;
    case TW_OP_READONLY:
        region_set_flag(m, op->obj, FLAG_READONLY, on);
        break;
    case TW_OP_NONVOLATILE:
        region_set_flag(m, op->obj, FLAG_NONVOLATILE, on);
        break;
    case TW_OP_UNMERGEABLE:
        region_set_flag(m, op->obj, FLAG_UNMERGEABLE, on);
        break;
    case TW_OP_ROMD:
        region_set_flag(m, op->obj, FLAG_ROMD, on);
        break;
    case TW_OP_ALIAS_OFFSET:
        region_set_alias_offset(m, op->obj, op->addr);
        break;
    case TW_OP_SPACE_NEW:
        m->spaces_live |= 1u << op->obj;
        m->pending = true;
        break;
    case TW_OP_SPACE_DEL:
        m->spaces_live &= ~(1u << op->obj);
        m->pending = true;
        break;
    default:
        g_assert_not_reached();
    }
    transaction_commit(m, actor);
}

/* The initial topology (LA-1, LA-5), committed. */
static void graph_init(Machine *m)
{
    const TwProgram *program = m->program;

    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *from = &program->regions[i];
        m->regions[i] = (Region){
            .size = from->size,
            .addr = from->addr,
            .alias_offset = from->alias_offset,
            .priority = from->priority,
            .kind = from->kind,
            .container = from->container,
            .target = from->target,
            .child = TW_NONE,
            .next = TW_NONE,
            .flags = (from->readonly ? FLAG_READONLY : 0) |
                     (from->romd_mode ? FLAG_ROMD : 0) |
                     (from->nonvolatile ? FLAG_NONVOLATILE : 0) |
                     (from->unmergeable ? FLAG_UNMERGEABLE : 0),
            .enabled = from->enabled,
        };
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        unsigned id =
            TW_BUG(m, INITIAL_ORDER_REVERSED) ? program->n_regions - 1 - i : i;
        if (m->regions[id].kind != TW_REGION_NONE &&
            m->regions[id].container != TW_NONE) {
            child_insert(m, id);
        }
    }
    m->depth = 0;
    m->pending = false;
    m->spaces_live = 0;
    for (unsigned i = 0; i < program->n_spaces; i++) {
        m->views[i].root = TW_NONE;
        m->published[i] = &m->empty;
        if (program->spaces[i].present && !program->spaces[i].late) {
            m->spaces_live |= 1u << i;
        }
    }
    views_publish(m);
}
