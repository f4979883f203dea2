/* SPDX-License-Identifier: MIT */
/*
 * See path-plan.h.  Most moves are: fill, change, use the open window, close
 * it, use again.  Most windows are closed by the commands that they need; some
 * by less, so that old answers are seen, too.
 */
#include "fuzz/generate/entries.h"
#include "fuzz/generate/path-plan.h"

/* What one move is about: a hot page of a device, and an address of a stage on
 * the way to it. */
typedef struct Move {
    TwPathPlan *plan;
    unsigned index, stage;
    uint64_t x, y;
} Move;

/* Accesses ----------------------------------------------------------------- */

static void put_accesses(Move *m)
{
    tw_path_accesses(m->plan, m->index, m->x);
}

/* Changes ------------------------------------------------------------------ */

static uint64_t random_word(TwPathPlan *plan)
{
    return tw_rng_next(plan->rng);
}

static uint64_t address_of(const TwLayout *layout, uint64_t entry)
{
    return (entry & layout->address) << layout->shift;
}

/* The entry without one of the bits by which it grants something. */
static uint64_t less_a_bit(TwPathPlan *plan, const TwLayout *l, uint64_t entry)
{
    uint64_t bits = entry & (l->read.value | l->write.value);

    for (unsigned skip = tw_path_draw(plan, 5); bits & (bits - 1) && skip > 0;
         skip--) {
        bits &= bits - 1;
    }
    return entry & ~(bits & -bits);
}

/* Rights taken away from an entry that has all, or given back. */
static uint64_t other_rights(Move *m, const TwLayout *l, const TwPathStep *step)
{
    uint64_t address = address_of(l, step->value), full, less;
    unsigned how = tw_path_draw(m->plan, 4);

    if (tw_path_is_leaf(l, step->level, step->value)) {
        full = tw_gen_leaf(l, step->level, address, TW_R | TW_W);
        less = how < 2 ? tw_gen_leaf(l, step->level, address, TW_R)
               : how == 2
                   ? less_a_bit(m->plan, l, full)
                   : tw_gen_leaf(l, step->level, address,
                                 (uint8_t)(2 * tw_path_draw(m->plan, 2)));
        return step->value == full ? less : full;
    }
    full = tw_gen_table(l, step->level - 1u, address);
    less = how < 3 ? tw_gen_without(full, l->table_write, l->table_read.value)
                   : full;
    less = how > 1 ? tw_gen_without(less, l->table_read,
                                    how == 2 ? l->table_write.value : 0)
                   : less;
    return step->value == full ? less : full;
}

/* A table becomes a leaf, and a leaf a table; at level 1, another leaf. */
static uint64_t other_kind(Move *m, const TwLayout *l, const TwPathStep *step)
{
    TwPathPlan *plan = m->plan;
    const TwPathStage *s = &plan->stages[m->stage];
    unsigned page = tw_path_page(plan, m->y), level = step->level;
    unsigned block = tw_path_draw(plan, 2) * TW_PATH_BLOCK;
    uint64_t to;

    if (level == 1) {
        page = tw_path_chance(plan, 75)
                   ? plan->hot[tw_path_draw(plan, plan->n_hot)]
                   : page ^ TW_PATH_BLOCK;
        return tw_gen_leaf(l, 1, tw_path_address(plan, page),
                           (uint8_t)(1 + tw_path_draw(plan, 3)));
    }
    if (tw_path_is_leaf(l, level, step->value) ||
        (level == 3 && tw_path_chance(plan, 60))) {
        page = level == 3 ? s->uppers[tw_path_draw(plan, TW_PATH_UPPERS)]
                          : s->lowers[tw_path_draw(plan, TW_PATH_LOWERS)];
        return tw_gen_table(l, level - 1, tw_path_address(plan, page));
    }
    to = tw_path_address(plan, level == 2 ? block : 0);
    if (level == 3 && plan->dialect->path_far && tw_path_chance(plan, 50)) {
        to = plan->dialect->path_far;
    }
    return tw_gen_leaf(l, level, to,
                       tw_path_chance(plan, 80) ? TW_R | TW_W : TW_R);
}

/* What an entry on the way becomes. */
static uint64_t new_value(Move *m, const TwPathStep *step, bool found)
{
    TwPathPlan *plan = m->plan;
    const TwLayout *l = plan->stages[m->stage].layout;
    uint64_t good = tw_path_good_entry(plan, m->stage, step->level, m->y);
    uint64_t bits = plan->dialect->entry_bits;
    unsigned how = tw_path_draw(plan, 20);
    uint64_t value, mix = random_word(plan), more = random_word(plan);

    /* A leaf of 1 GiB hides what is below it: it does not stay for long. */
    if (found ? step->level == 3 && tw_path_is_leaf(l, 3, step->value) &&
                    tw_path_chance(plan, 40)
              : tw_path_chance(plan, 65)) {
        return good;
    }
    if (how < 7) {
        value = other_rights(m, l, step);
        return value == step->value ? good : value;
    }
    if (how < 11) {
        return good;
    }
    if (how < 15) {
        return other_kind(m, l, step);
    }
    switch (how) {
    case 15:
    case 16:
        return 0;
    case 17: /* one bit, or a few */
        bits = mix & 1 ? bits : l->read.mask | l->write.mask;
        return step->value ^ (more & mix >> 8 & bits);
    case 18: /* bits that should mean nothing, or not here */
        return good | (mix & more & bits);
    default:
        return mix & 1 ? UINT64_MAX : mix & 2 ? more : good ^ (mix & bits);
    }
}

/* Changes an entry on the way of y.  Returns its level, or 0: there is none;
 * *before: what it was. */
static unsigned put_change(Move *m, TwPathStep *before)
{
    TwPathPlan *plan = m->plan;
    TwPathWalk walk;
    unsigned at;

    tw_path_walk(plan, m->stage, m->index, m->y, &walk);
    if (walk.n == 0) {
        return 0;
    }
    at = tw_path_chance(plan, 50) ? walk.n - 1u : tw_path_draw(plan, walk.n);
    *before = walk.steps[at];
    tw_path_poke(plan, before->where, new_value(m, before, walk.found));
    return before->level;
}

/* Commands ----------------------------------------------------------------- */

static void put_invalidate(Move *m, unsigned stage, unsigned scope,
                           unsigned whose, uint64_t first, uint64_t last)
{
    TwOp *op = tw_path_put(m->plan, TW_OP_INVALIDATE);

    op->obj = (uint8_t)stage;
    op->scope = (uint8_t)scope;
    op->whose = whose;
    op->addr = first;
    op->last = last;
    tw_path_done(m->plan, op);
}

/* A scope that programs may have, and that ends entries, if there is one. */
static unsigned possible(const Move *m, unsigned scope)
{
    static const uint8_t others[] = {TW_SCOPE_RANGE, TW_SCOPE_ANY_RANGE,
                                     TW_SCOPE_DOMAIN, TW_SCOPE_GLOBAL};
    unsigned may = m->plan->dialect->path_scopes[m->stage];

    for (unsigned i = 0; may != 0 && i < sizeof(others); i++) {
        if (!(may >> scope & 1)) {
            scope = others[i];
        }
    }
    return scope;
}

/* The same for each domain that a context of the stage names. */
static void put_for_domains(Move *m, unsigned stage, unsigned scope,
                            uint64_t first, uint64_t last)
{
    const TwPathStage *s = &m->plan->stages[stage];
    unsigned n = m->plan->dialect->max_iommu_indexes;

    for (unsigned i = 0; i < n; i++) {
        bool again = false;

        for (unsigned k = 0; k < i; k++) {
            again |= s->contexts[k].domain == s->contexts[i].domain;
        }
        if (!again) {
            put_invalidate(m, stage, scope, s->contexts[i].domain, first, last);
        }
    }
}

/* What the first stage keeps of the second. */
static void put_first_stage(Move *m)
{
    if (tw_path_chance(m->plan, 50)) {
        put_invalidate(m, 0, TW_SCOPE_GLOBAL, 0, 0, 0);
    } else {
        put_for_domains(m, 0, TW_SCOPE_DOMAIN, 0, 0);
    }
}

/* Commands that are not what a change of that level needs. */
static void put_wrong(Move *m, unsigned level)
{
    TwPathPlan *plan = m->plan;
    unsigned domain = plan->stages[m->stage].contexts[m->index].domain;
    unsigned how = tw_path_draw(plan, 6);
    unsigned stage = m->stage;
    uint64_t first = m->y & ~tw_path_span(level),
             page = m->y & ~tw_path_span(1);

    switch (how) {
    case 0: /* another domain */
        domain = tw_path_draw(plan, plan->dialect->max_iommu_indexes + 1u);
        put_invalidate(m, stage, TW_SCOPE_RANGE, domain, first,
                       first | tw_path_span(level));
        break;
    case 1: /* a neighbour */
        page ^= 0x1000;
        put_invalidate(m, stage, TW_SCOPE_RANGE, domain, page, page);
        break;
    case 2: /* too little, or just enough */
        put_invalidate(m, stage,
                       tw_path_chance(plan, 50) ? TW_SCOPE_LEAF
                                                : TW_SCOPE_ANY_LEAF,
                       domain, page, page);
        break;
    case 3:
        put_invalidate(m, stage, TW_SCOPE_CONTEXT, m->index, 0, 0);
        break;
    case 4: /* the other stage */
        stage = (stage + 1) % plan->dialect->path_stages;
        put_invalidate(m, stage, TW_SCOPE_GLOBAL, 0, 0, 0);
        break;
    default:
        put_invalidate(m, stage, TW_SCOPE_CONTEXTS, 0, 0, 0);
        break;
    }
}

/* The commands that a change needs of an entry of that level on the way of y;
 * `leaf`: it was a leaf, and is none for a table now. */
static void put_right(Move *m, unsigned level, bool leaf)
{
    TwPathPlan *plan = m->plan;
    unsigned how = tw_path_draw(plan, leaf ? 16 : 12), scope;
    uint64_t first = m->y & ~tw_path_span(level);
    uint64_t last = first | tw_path_span(level);

    if (tw_path_chance(plan, 15)) { /* more than is needed */
        first = 0;
        last = UINT64_MAX;
    }
    scope = possible(m, how < 5    ? TW_SCOPE_RANGE
                        : how < 7  ? TW_SCOPE_DOMAIN
                        : how < 9  ? TW_SCOPE_GLOBAL
                        : how < 12 ? TW_SCOPE_ANY_RANGE
                        : how < 14 ? TW_SCOPE_LEAF
                                   : TW_SCOPE_ANY_LEAF);
    if (scope == TW_SCOPE_RANGE || scope == TW_SCOPE_DOMAIN ||
        scope == TW_SCOPE_LEAF) {
        put_for_domains(m, m->stage, scope, first, last);
    } else {
        put_invalidate(m, m->stage, scope, 0, first, last);
    }
    /* Commands for ranges end nothing of both stages together. */
    if (m->stage > 0 && tw_path_chance(plan, how >= 5 && how < 9 ? 30 : 75)) {
        put_first_stage(m);
    }
}

static void put_commands(Move *m, unsigned level, bool leaf)
{
    unsigned how = tw_path_draw(m->plan, 100);

    if (how < 8) {
        return;
    }
    if (how < 20) {
        put_wrong(m, level);
    } else {
        put_right(m, level, leaf);
    }
}

/* Moves -------------------------------------------------------------------- */

/* An address of the second stage: of an entry of the first, or of the frame. */
static void choose_below(Move *m)
{
    TwPathWalk walk;
    unsigned at;

    m->y = m->x;
    m->stage = 0;
    if (m->plan->dialect->path_stages < 2 || tw_path_chance(m->plan, 45)) {
        return;
    }
    tw_path_walk(m->plan, 0, m->index, m->x, &walk);
    at = tw_path_draw(m->plan, walk.n + 2u);
    m->stage = 1;
    m->y = at < walk.n ? walk.steps[at].at : walk.out;
}

static void move_entry(Move *m)
{
    TwPathPlan *plan = m->plan;
    const TwLayout *l = plan->stages[m->stage].layout;
    TwPathStep before, second;
    unsigned level, other = 0;

    if (tw_path_chance(plan, 80)) {
        put_accesses(m);
    }
    level = put_change(m, &before);
    if (level == 0) {
        return;
    }
    if (tw_path_chance(plan, 15)) {
        other = put_change(m, &second);
    }
    if (tw_path_chance(plan, 40)) {
        put_accesses(m);
    }
    put_commands(m, other > level ? other : level,
                 other == 0 && tw_path_is_leaf(l, level, before.value));
    put_accesses(m);
    if (tw_path_chance(plan, level == 3 ? 60 : 25)) { /* back again */
        tw_path_poke(plan, before.where, before.value);
        put_commands(m, level, false);
        put_accesses(m);
    }
}

/* The commands that another context needs; one may be missing. */
static void put_context_commands(Move *m, unsigned domain)
{
    TwPathPlan *plan = m->plan;
    unsigned without = tw_path_draw(plan, 16); /* 0, 1, 2: that command */

    if (without != 0 && tw_path_chance(plan, 80)) {
        put_invalidate(m, m->stage, TW_SCOPE_CONTEXT, m->index, 0, 0);
    } else if (without != 0) {
        put_invalidate(m, m->stage, TW_SCOPE_CONTEXTS, 0, 0, 0);
    }
    if (without != 1 && tw_path_chance(plan, 80)) {
        put_invalidate(m, m->stage, TW_SCOPE_DOMAIN, domain, 0, 0);
        domain = plan->stages[m->stage].contexts[m->index].domain;
        put_invalidate(m, m->stage, TW_SCOPE_DOMAIN, domain, 0, 0);
    } else if (without != 1) {
        put_invalidate(m, m->stage, TW_SCOPE_GLOBAL, 0, 0, 0);
    }
    if (without != 2 && m->stage > 0) {
        put_first_stage(m);
    }
}

/* Another context with its commands, between accesses. */
static void move_to_context(Move *m, unsigned mode, unsigned root,
                            unsigned domain)
{
    TwPathPlan *plan = m->plan;
    unsigned was = plan->stages[m->stage].contexts[m->index].domain;

    tw_path_context(plan, m->stage, m->index, mode, root, domain);
    if (tw_path_chance(plan, 40)) {
        put_accesses(m);
    }
    put_context_commands(m, was);
    put_accesses(m);
}

static void move_context(Move *m)
{
    TwPathPlan *plan = m->plan;
    const TwPathStage *s = &plan->stages[m->stage];
    TwPathContext was = s->contexts[m->index];
    unsigned how = tw_path_draw(plan, 8);
    unsigned mode = how < 4    ? TW_CONTEXT_TABLES
                    : how == 4 ? TW_CONTEXT_BLOCKED
                    : how == 5 ? TW_CONTEXT_NONE
                               : TW_CONTEXT_PASS;
    unsigned root = s->roots[tw_path_draw(plan, TW_PATH_ROOTS)];
    unsigned domain = tw_path_some_domain(plan, m->stage, m->index);

    put_accesses(m);
    move_to_context(m, mode, how == 3 ? was.root : root,
                    how == 2 ? was.domain : domain);
    if (mode != TW_CONTEXT_TABLES && tw_path_chance(plan, 80)) {
        move_to_context(m, TW_CONTEXT_TABLES, root, domain);
    }
}

/* Any command, between accesses. */
static void move_command(Move *m)
{
    TwPathPlan *plan = m->plan;
    unsigned scope = tw_path_draw(plan, TW_SCOPES);
    unsigned whose = tw_path_draw(plan, plan->dialect->max_iommu_indexes + 1u);
    uint64_t first = m->y & ~tw_path_span(1 + tw_path_draw(plan, 3));
    uint64_t last = first | tw_path_span(1 + tw_path_draw(plan, 3));

    put_accesses(m);
    put_invalidate(m, m->stage, scope, whose, first, last);
    put_accesses(m);
}

/* A device that has no tables gets them back, mostly. */
static bool mend_context(Move *m)
{
    TwPathPlan *plan = m->plan;

    for (unsigned stage = 0; stage < plan->dialect->path_stages; stage++) {
        const TwPathStage *s = &plan->stages[stage];

        if (s->contexts[m->index].mode != TW_CONTEXT_TABLES &&
            tw_path_chance(plan, 60)) {
            unsigned root = s->roots[tw_path_draw(plan, TW_PATH_ROOTS)];
            unsigned domain = tw_path_some_domain(plan, stage, m->index);

            m->stage = stage;
            move_to_context(m, TW_CONTEXT_TABLES, root, domain);
            return true;
        }
    }
    return false;
}

/* What refuses accesses on the way of an address of a stage is mended. */
static bool mend_entry(Move *m, unsigned stage, uint64_t y)
{
    TwPathPlan *plan = m->plan;
    const TwPathStep *step;
    TwPathWalk walk;

    tw_path_walk(plan, stage, m->index, y, &walk);
    if (walk.bad >= walk.n) {
        return false;
    }
    step = &walk.steps[walk.bad];
    m->stage = stage;
    m->y = y;
    tw_path_poke(plan, step->where,
                 tw_path_good_entry(plan, stage, step->level, y));
    put_right(m, step->level, false);
    put_accesses(m);
    return true;
}

/* The same of all that an access needs, the second stage first. */
static bool mend_way(Move *m)
{
    TwPathPlan *plan = m->plan;
    bool two = plan->dialect->path_stages > 1;
    TwPathWalk walk;

    if (!tw_path_chance(plan, two ? 45 : 25)) {
        return false;
    }
    tw_path_walk(plan, 0, m->index, m->x, &walk);
    for (unsigned i = 0; two && i < walk.n; i++) {
        if (mend_entry(m, 1, walk.steps[i].at)) {
            return true;
        }
    }
    return mend_entry(m, 0, m->x) ||
           (two && walk.found && mend_entry(m, 1, walk.out));
}

void tw_path_move(TwPathPlan *plan)
{
    Move m = {.plan = plan};
    unsigned how;

    m.index = tw_path_draw(plan, plan->dialect->max_iommu_indexes);
    m.x =
        tw_path_some_address(plan, plan->hot[tw_path_draw(plan, plan->n_hot)]);
    choose_below(&m);
    if (mend_context(&m) || mend_way(&m)) {
        return;
    }
    how = tw_path_draw(plan, 100);
    if (how < 70) {
        move_entry(&m);
    } else if (how < 82) {
        move_context(&m);
    } else if (how < 90) {
        move_command(&m);
    } else {
        put_accesses(&m);
        put_accesses(&m);
    }
}
