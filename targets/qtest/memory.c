/* SPDX-License-Identifier: MIT */
/*
 * The RAM of programs.  The pages that a program may have changed are put right
 * before the next one.
 *
 * Each page begins with words of the machine's own: were it a root, devices
 * would reach their scripts and the registers through them.  No program sees
 * them (TwDialect): accesses and entries keep away from the first words of a
 * page, but for the word that translates the addresses of programs.
 */
#include <string.h>
#include <sys/mman.h>

#include "program/ops.h"
#include "program/path.h"
#include "targets/qtest/internal.h"

bool tw_qtest_memory_open(Machine *m)
{
    void *masters = mmap(NULL, 1 << PROGRAM_LG, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    m->masters = masters == MAP_FAILED ? NULL : masters;
    return m->masters != NULL;
}

void tw_qtest_memory_close(Machine *m)
{
    if (m->masters) {
        munmap(m->masters, 1 << PROGRAM_LG);
    }
}

/* The index of the root's word that is the program's. */
static unsigned theirs(const Machine *m)
{
    return (m->driver->ram + AT_PROGRAM) >> 30 & (OWN_WORDS - 1);
}

/* With two stages, the last pages are the roots of the second (TwDialect). */
static unsigned stage_of(const Machine *m, unsigned page)
{
    return m->driver->stages == 2 && page >= PAGES - TW_PATH_SECOND_ROOTS;
}

static void make_master(Machine *m, unsigned page)
{
    uint8_t *bytes = m->masters + page * PAGE_BYTES;

    for (unsigned i = 0; i < PAGE_BYTES; i++) {
        bytes[i] = tw_content_initial(m->contents, m->block,
                                      (uint64_t)page * PAGE_BYTES + i);
    }
    for (unsigned i = 0; i < OWN_WORDS && !tw_path_is_all_tables(&m->dialect);
         i++) {
        if (i != theirs(m)) {
            uint64_t word = m->driver->own_word(m, stage_of(m, page), i);

            memcpy(bytes + 8 * i, &word, 8);
        }
    }
}

void tw_qtest_memory_start(Machine *m)
{
    const TwProgram *p = m->program;
    uint8_t block = 0;

    for (unsigned r = 0; r < p->n_regions; r++) {
        if (p->regions[r].kind == TW_REGION_RAM) {
            block = p->regions[r].block;
        }
    }
    if (block != m->block || p->contents != m->contents) {
        memset(m->made, 0, sizeof(m->made));
        m->block = block;
        m->contents = p->contents;
    }
}

void tw_qtest_memory_use(Machine *m, uint64_t pa)
{
    uint64_t at = pa - m->driver->ram - AT_PROGRAM;
    unsigned page = (unsigned)(at / PAGE_BYTES);

    if (at >> PROGRAM_LG || m->is_used[page]) {
        return;
    }
    m->is_used[page] = true;
    m->used[m->n_used++] = (uint16_t)page;
    if (!m->made[page]) {
        m->made[page] = true;
        make_master(m, page);
    }
    memcpy(m->ram + AT_PROGRAM + page * PAGE_BYTES,
           m->masters + page * PAGE_BYTES, PAGE_BYTES);
}

void tw_qtest_memory_finish(Machine *m)
{
    for (unsigned i = 0; i < m->n_used; i++) {
        uint64_t at = (uint64_t)m->used[i] * PAGE_BYTES;
        const uint8_t *now = m->ram + AT_PROGRAM + at;
        const uint8_t *was = m->masters + at;

        m->is_used[m->used[i]] = false;
        if (memcmp(now, was, PAGE_BYTES) == 0) {
            continue;
        }
        for (unsigned k = 0; k < PAGE_BYTES; k++) {
            if (now[k] != was[k]) {
                m->trace->digests[m->block] +=
                    tw_ram_digest_term(at + k, now[k]);
            }
        }
    }
    m->n_used = 0;
}

uint32_t tw_qtest_memory_copy(Machine *m, const TwOp *op)
{
    uint64_t word = m->driver->ram + AT_PROGRAM + op->addr % PAGE_BYTES;
    uint32_t first = m->pool;

    for (unsigned i = 0; i < m->n_used; i++) {
        tw_plan_constant(m, 0);
    }
    for (unsigned i = 0; i < m->n_used; i++) {
        tw_plan_move(m, CONTROL, op->size,
                     word + (uint64_t)m->used[i] * PAGE_BYTES,
                     m->driver->ram + first + 8 * i);
    }
    return first;
}

uint64_t tw_qtest_memory_find(const Machine *m, const Planned *planned)
{
    const TwOp *op = &m->program->script[planned->op];
    uint8_t tag[8];
    unsigned low = op->addr % PAGE_BYTES;

    for (unsigned k = 0; k < op->size; k++) {
        tag[k] = tw_content_tag(m->program->contents, planned->op, op->addr, k);
    }
    for (unsigned i = 0; i < m->n_used; i++) {
        uint64_t at = (uint64_t)m->used[i] * PAGE_BYTES + low;
        const uint8_t *word = planned->copies ? m->ram + planned->copies + 8 * i
                                              : m->ram + AT_PROGRAM + at;

        if (memcmp(word, tag, op->size) == 0) {
            return at;
        }
    }
    return UINT64_MAX;
}
