/* SPDX-License-Identifier: MIT */
/*
 * See path-plan.h: where the tables of a program lead that is being made.  A
 * guess, which decides where changes go; A and D, reserved bits and sizes in
 * addresses do not count.
 */
#include "fuzz/generate/entries.h"
#include "fuzz/generate/path-plan.h"

static unsigned place_of(const TwPathPlan *plan, uint32_t where)
{
    unsigned i = (unsigned)(tw_mix64(where) % TW_PATH_WORDS);

    while (plan->word_at[i] && plan->word_at[i] != where + 1) {
        i = (i + 1) % TW_PATH_WORDS;
    }
    return i;
}

void tw_path_note(TwPathPlan *plan, uint32_t where, uint64_t value)
{
    unsigned i = place_of(plan, where);

    plan->word_at[i] = where + 1;
    plan->words[i] = value;
}

static uint64_t word_at(const TwPathPlan *plan, uint32_t where)
{
    unsigned i = place_of(plan, where);

    return plan->word_at[i] ? plan->words[i] : 0;
}

static bool is_there(const TwLayout *layout, uint64_t entry)
{
    return tw_gen_holds(layout->present, entry) &&
           (!layout->present_some || entry & layout->present_some) &&
           entry != 0;
}

bool tw_path_is_leaf(const TwLayout *layout, unsigned level, uint64_t entry)
{
    if (level == 1) {
        return true;
    }
    return layout->leaf_some ? (entry & layout->leaf_some) != 0
                             : (entry & layout->leaf_none) == 0;
}

/* Does the entry let loads and stores through? */
static bool lets_all(const TwLayout *l, unsigned level, uint64_t entry)
{
    return tw_path_is_leaf(l, level, entry)
               ? tw_gen_holds(l->read, entry) && tw_gen_holds(l->write, entry)
               : tw_gen_holds(l->table_read, entry) &&
                     tw_gen_holds(l->table_write, entry);
}

/* The place in RAM of an entry at an address of a stage. */
static uint32_t where_is(const TwPathPlan *plan, unsigned stage, unsigned index,
                         uint64_t at)
{
    if (!tw_path_is_last(plan, stage)) {
        TwPathWalk below;

        tw_path_walk(plan, stage + 1, index, at, &below);
        at = below.found ? below.out : at;
    }
    return (uint32_t)tw_path_page(plan, at) << 12 | (at & 0xff8);
}

void tw_path_walk(const TwPathPlan *plan, unsigned stage, unsigned index,
                  uint64_t x, TwPathWalk *walk)
{
    const TwPathStage *s = &plan->stages[stage];
    const TwPathContext *context = &s->contexts[index];
    uint64_t table = tw_path_address(plan, context->root);

    walk->n = walk->bad = 0;
    walk->found = context->mode == TW_CONTEXT_PASS;
    walk->out = x;
    if (context->mode != TW_CONTEXT_TABLES) {
        return;
    }
    for (unsigned level = plan->dialect->path_levels; level > 0; level--) {
        TwPathStep *step = &walk->steps[walk->n++];
        uint64_t address;

        step->at = table + tw_path_slot(level, x);
        step->where = where_is(plan, stage, index, step->at);
        step->level = (uint8_t)level;
        step->value = word_at(plan, step->where);
        if (!is_there(s->layout, step->value)) {
            return;
        }
        if (walk->bad + 1 == walk->n &&
            lets_all(s->layout, level, step->value)) {
            walk->bad++;
        }
        address = (step->value & s->layout->address) << s->layout->shift;
        if (tw_path_is_leaf(s->layout, level, step->value)) {
            walk->found = true;
            walk->out =
                (address & ~tw_path_span(level)) | (x & tw_path_span(level));
            return;
        }
        table = address & ~UINT64_C(0xfff);
    }
}
