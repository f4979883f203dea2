/* SPDX-License-Identifier: MIT */
/*
 * The SRAMs.  They are memory of QEMU alone, so the agent copies blocks: in
 * before a program, through MPCs that are as after a reset, and out after it.
 * A block that kept its bytes is not filled again, unless it holds code: QEMU
 * drops what it has made of code that is stored over, and no program shall find
 * what an earlier one has left.
 */
#include <string.h>

#include "program/content.h"
#include "program/ops.h"
#include "targets/mpc/internal.h"

/* Where in shared RAM the n-th used block has its copies. */
static uint32_t filled_at(unsigned n)
{
    return TW_MPC_BLOCKS + 2 * n * BLOCK_BYTES;
}

static uint32_t saved_at(unsigned n)
{
    return filled_at(n) + BLOCK_BYTES;
}

static void place_of(unsigned block, unsigned *mpc, uint64_t *offset)
{
    *mpc = TW_MPC_BOARD_MPCS - 1;
    while (tw_mpc_block(*mpc, 0) > block) {
        --*mpc;
    }
    *offset = (uint64_t)(block - tw_mpc_block(*mpc, 0)) << BLOCK_LG;
}

static void master_make(Block *b, unsigned contents, unsigned mpc,
                        uint64_t offset)
{
    if (b->master != NULL && b->contents == contents) {
        return;
    }
    if (b->master == NULL) {
        b->master = g_malloc(BLOCK_BYTES);
    }
    b->contents = (uint8_t)contents;
    b->intact = false;
    for (unsigned i = 0; i < BLOCK_BYTES; i++) {
        b->master[i] = tw_content_initial(
            contents, (uint8_t)(TW_MPC_BOARD_RAM + mpc), offset + i);
    }
}

static void use(Machine *m, unsigned mpc, uint64_t offset)
{
    unsigned number;
    bool code = tw_contents_are_code(m->program->contents);
    Block *b;

    if (offset >= tw_mpc_srams[mpc].size) {
        return;
    }
    number = tw_mpc_block(mpc, offset);
    b = &m->blocks[number];
    if (b->used || m->broken) {
        return;
    }
    if (m->n_used == MOST_USED) {
        m->broken = true;
        m->trace->end = TW_END_OVERFLOW;
        return;
    }
    b->used = true;
    m->used[m->n_used++] = (uint16_t)number;
    master_make(b, m->program->contents, mpc,
                offset & ~(uint64_t)(BLOCK_BYTES - 1));
    if (!b->intact || code) {
        unsigned n = m->n_used - 1;
        TwMpcDo *fill = tw_mpc_do(m, TW_MPC_FILL, 0);

        memcpy(m->ram + filled_at(n), b->master, BLOCK_BYTES);
        fill->from = filled_at(n);
        fill->lg = code;
        fill->addr = (uint32_t)((tw_mpc_srams[mpc].at | TW_MPC_BOARD_SECURE) +
                                (offset & ~(uint64_t)(BLOCK_BYTES - 1)));
    }
}

/* The SRAMs have other bytes than were known. */
static void forget(Machine *m)
{
    unsigned n = m->fresh ? MOST_BLOCKS : m->vectors ? 1 : 0;

    for (unsigned i = 0; i < n; i++) {
        m->blocks[i].intact = false;
    }
    m->fresh = m->vectors = false;
}

/* What an access, or a run, can reach. */
void tw_mpc_memory_fill(Machine *m)
{
    const TwProgram *p = m->program;

    forget(m);
    for (unsigned i = 0; i < p->n_script; i++) {
        const TwOp *op = &p->script[i];
        uint64_t offset;
        unsigned mpc;

        if (op->code < TW_OP_READ || op->code > TW_OP_EXEC ||
            !tw_mpc_board_find(p, op->addr, &mpc, &offset)) {
            continue;
        }
        use(m, mpc, offset);
        use(m, mpc, offset + tw_op_bytes(p, op) - 1);
    }
}

void tw_mpc_memory_ask(Machine *m)
{
    unsigned last = m->program->n_script ? m->program->n_script - 1u : 0;

    for (unsigned i = 0; i < m->n_used; i++) {
        TwMpcDo *save = tw_mpc_do(m, TW_MPC_SAVE, last);
        uint64_t offset;
        unsigned mpc;

        place_of(m->used[i], &mpc, &offset);
        save->addr =
            (uint32_t)((tw_mpc_srams[mpc].at | TW_MPC_BOARD_SECURE) + offset);
        save->from = saved_at(i);
    }
}

void tw_mpc_memory_finish(Machine *m, uint64_t *digests)
{
    for (unsigned i = 0; i < m->n_used; i++) {
        Block *b = &m->blocks[m->used[i]];
        const uint8_t *now = m->ram + saved_at(i);
        uint64_t offset;
        unsigned mpc;

        b->used = false;
        b->intact = !m->broken && memcmp(now, b->master, BLOCK_BYTES) == 0;
        if (b->intact || m->broken) {
            continue;
        }
        place_of(m->used[i], &mpc, &offset);
        for (unsigned k = 0; k < BLOCK_BYTES; k++) {
            if (now[k] != b->master[k]) {
                digests[TW_MPC_BOARD_RAM + mpc] +=
                    tw_ram_digest_term(offset + k, now[k]);
            }
        }
    }
    m->n_used = 0;
}

void tw_mpc_memory_close(Machine *m)
{
    for (unsigned i = 0; i < MOST_BLOCKS; i++) {
        g_free(m->blocks[i].master);
        m->blocks[i].master = NULL;
    }
}
