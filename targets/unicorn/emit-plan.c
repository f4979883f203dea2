/* SPDX-License-Identifier: MIT */
/* Which parts a reproducer needs, from the calls of a run; for emit.c. */
#include <string.h>

#include "program/ops.h"
#include "targets/unicorn/emit.h"

static int by_op(const void *a, const void *b)
{
    const Call *x = a, *y = b;
    unsigned i = (uint16_t)(x->op + 1), k = (uint16_t)(y->op + 1);

    return i < k ? -1 : i > k; /* before the script: first */
}

/* After a crash: up to the operation of the last call. */
static void count_ops(Emit *e, bool dies)
{
    const TwProgram *p = e->program;

    /* What follows the accused operation was not judged. */
    e->n_ops = e->finding->op < p->n_script ? e->finding->op + 1u : p->n_script;
    for (unsigned i = 0; dies && i < e->recorder.calls->len; i++) {
        unsigned op = tw_uc_emit_at(e, i)->op;

        e->n_ops = i == 0 ? 0 : e->n_ops;
        e->n_ops = op == TW_NO_OP ? e->n_ops : MAX(e->n_ops, op + 1);
    }
    while (e->n_ops < p->n_script &&
           p->script[e->n_ops].flags & (TW_OPF_DURING | TW_OPF_PAIRED)) {
        e->n_ops++;
    }
}

static void use_block(Emit *e, Shown shown, unsigned pages)
{
    unsigned block = shown_id(shown), page = shown_page(shown);

    if (!tw_regions_has(&e->blocks, block)) {
        tw_regions_add(&e->blocks, block);
        e->n_blocks++;
        e->first[block] = page;
    }
    e->first[block] = MIN(e->first[block], page);
    e->end[block] = MAX(e->end[block], page + pages);
}

/* What pages show after a call. */
static void follow(Emit *e, const Call *call)
{
    for (unsigned p = call->first; p < call->end; p++) {
        switch (call->kind) {
        case CALL_MAP:
        case CALL_MMIO:
            e->shown[p] = call->shown + (p - call->first);
            e->rights[p] = call->kind == CALL_MMIO ? TW_R | TW_W : call->rights;
            break;
        case CALL_UNMAP:
            e->shown[p] = 0;
            break;
        case CALL_PROTECT:
            e->rights[p] = call->rights;
            break;
        default:
            return;
        }
    }
}

static bool shows_device(const Emit *e, uint64_t addr)
{
    uint64_t page = addr >> e->machine->flat.page_lg;

    return page < PAGES && e->shown[page] & SHOWS_DEVICE;
}

static void plan_part(Emit *e, const Call *call)
{
    const TwOp *op = &e->program->script[call->op];
    unsigned piece = tw_uc_emit_piece(call);

    e->pieces |= 1u << piece;
    e->third |= piece == PIECE_FROM || piece >= PIECE_LOAD_PAIR;
    if (piece == PIECE_CALL) {
        e->device_code |= e->devices;
    } else {
        e->device_loads |=
            e->devices && (op->code == TW_OP_READ || op->code == TW_OP_RMW);
    }
    if (piece == PIECE_FROM) {
        e->access_words |= (uint8_t)(1u << (op->from >> 3 & 7));
        e->device_code |= shows_device(e, op->from);
    }
}

static void plan_call(Emit *e, const Call *call, Shown *device)
{
    switch (call->kind) {
    case CALL_MAP:
        use_block(e, call->shown, call->end - call->first);
        break;
    case CALL_MMIO:
        e->devices = true;
        e->many_devices |=
            *device != 0 && shown_id(*device) != shown_id(call->shown);
        *device = call->shown;
        e->device_bases |= shown_page(call->shown) != 0;
        break;
    case CALL_PART:
        plan_part(e, call);
        break;
    case CALL_POINTER_READ:
    case CALL_POINTER_WRITE:
        use_block(e, call->shown, 1);
        break;
    case CALL_SAVE:
        e->snapshots = true;
        break;
    default:
        break;
    }
    if (call->op == TW_NO_OP || !tw_uc_emit_is_of(e, call, e->finding->op) ||
        call->place != FROM_HOST) {
        follow(e, call);
    }
}

/* Is access n one with operations during it that no device performs? */
static bool may_be_handled(const Emit *e, unsigned n)
{
    unsigned nth;

    return n + 1 < e->program->n_script &&
           !(e->program->script[n].flags & TW_OPF_DURING) &&
           e->program->script[n + 1].flags & TW_OPF_DURING &&
           !tw_uc_emit_has_inside(e, n, FROM_DEVICE, &nth) &&
           tw_op_info(e->program->script[n].code)->flags & TW_OP_CPU_ACCESS;
}

/* What the hook returns for accesses that have nothing performed during them,
 * or when it is called again. */
static void plan_hook(Emit *e)
{
    unsigned last = TW_NO_OP;

    for (unsigned n = 0; n < e->n_ops; n++) {
        e->hook |= may_be_handled(e, n);
    }
    for (unsigned i = 0; i < e->recorder.calls->len; i++) {
        const Call *call = tw_uc_emit_at(e, i);

        if (call->kind == CALL_HOOK) {
            bool again = call->op == last || !may_be_handled(e, call->op);

            e->hook_asks |= again ? call->value != 0 : call->value == 0;
            last = call->op;
        }
    }
    e->hook_asks &= e->hook;
}

static bool is_split(const Emit *e, unsigned i)
{
    return i > 0 && tw_uc_emit_access(tw_uc_emit_at(e, i)) &&
           tw_uc_emit_access(tw_uc_emit_at(e, i - 1)) &&
           tw_uc_emit_at(e, i)->op == tw_uc_emit_at(e, i - 1)->op;
}

/* Not if an access has but to be refused or made. */
static bool needs_contents(const Emit *e, bool dies)
{
    const TwExpected *x = e->expected;
    unsigned code = e->finding->op < e->program->n_script
                        ? e->program->script[e->finding->op].code
                        : TW_OP_READ;

    return tw_contents_are_code(e->program->contents) || e->two ||
           (!dies && e->finding->verdict != TW_VERDICT_INVARIANT &&
            !(x->access && x->class_ > TW_CLASS_DEVICE_ERROR) &&
            code != TW_OP_WRITE && code != TW_OP_DMA_WRITE);
}

#define PIECES_OF(first, n) (((1u << (n)) - 1) << (first))

/* What the accesses need that are made: callbacks, and a register. */
static void plan_needs(Emit *e)
{
    const uint32_t loads = PIECES_OF(PIECE_LOAD, 4),
                   stores = PIECES_OF(PIECE_STORE, 4) | 1u << PIECE_RING,
                   both = PIECES_OF(PIECE_SWAP, 8);
    bool runs = tw_contents_are_runs(e->program->contents), host = false;

    for (unsigned i = 0; i < e->recorder.calls->len; i++) {
        unsigned kind = tw_uc_emit_at(e, i)->kind;

        host |= kind == CALL_HOST_READ || kind == CALL_HOST_WRITE ||
                kind == CALL_POINTER_READ || kind == CALL_POINTER_WRITE;
    }
    e->reads_devices = host || e->pieces & ~(stores | 3u << PIECE_STORE_PAIR);
    e->writes_devices = host || e->access_words >> 4 ||
                        e->pieces & (stores | both | 3u << PIECE_STORE_PAIR);
    e->gives = runs || e->pieces & ~(loads | 1u << PIECE_CALL);
    e->takes = host || e->two || e->splits || e->finding->op == TW_NO_OP ||
               e->pieces & ~stores;
}

void tw_uc_emit_plan(Emit *e, bool dies)
{
    Place place = e->machine->place;
    GArray *calls = e->recorder.calls;
    Shown device = 0;

    e->base = place == PLACE_LOW
                  ? 0
                  : tw_uc_window(place, e->machine->memory.page_lg);
    count_ops(e, dies);
    /* A stable sort: the guest's accesses were written down batch by batch. */
    g_array_sort(calls, by_op);
    while (calls->len > 0 && tw_uc_emit_at(e, calls->len - 1)->op != TW_NO_OP &&
           tw_uc_emit_at(e, calls->len - 1)->op >= e->n_ops) {
        g_array_set_size(calls, calls->len - 1);
    }
    for (unsigned i = 0; i < calls->len; i++) {
        const Call *call = tw_uc_emit_at(e, i);

        plan_call(e, call, &device);
        e->splits |= is_split(e, i);
        e->accesses |= tw_uc_emit_access(call);
        e->inside |= call->place != FROM_HOST && call->kind != CALL_HOOK;
        e->doorbell |= call->place == FROM_DOORBELL &&
                       !(e->program->script[call->op].flags & TW_OPF_DURING);
    }
    if (e->doorbell) {
        e->pieces |= 1u << PIECE_RING;
        e->accesses = true;
    }
    plan_hook(e);
    e->inside |= e->hook;
    e->two = e->target != &e->machine->target;
    e->forks = dies;
    e->contents = needs_contents(e, dies);
    e->device_loads &= !dies; /* what they give does not matter */
    e->device_bases |= e->many_devices;
    plan_needs(e);
    e->log = e->devices && !dies &&
             (e->two || (e->finding->op != TW_NO_OP && e->expected->access &&
                         e->finding->verdict == TW_VERDICT_EFFECT));
}
