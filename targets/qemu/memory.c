/* SPDX-License-Identifier: MIT */
/*
 * RAM of programs.  A page of the guest's RAM is filled when an access of a
 * program can first reach it, and has a master copy.  The next program that
 * needs the same bytes there gets only the differences put right.
 *
 * Bytes are written from outside of the guest, which the emulator does not
 * notice.  Code must be written by the guest: the emulator translates it.
 */
#include <string.h>
#include <sys/mman.h>

#include "program/ops.h"
#include "targets/qemu/internal.h"

bool tw_qemu_memory_open(Machine *m)
{
    for (unsigned c = 0; c < WINDOWS; c++) {
        void *frames =
            mmap(NULL, RAM_PAGES * sizeof(Frame), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (frames == MAP_FAILED) {
            return false;
        }
        m->frames[c] = frames;
    }
    return true;
}

void tw_qemu_memory_forget(Machine *m)
{
    for (unsigned c = 0; c < WINDOWS; c++) {
        for (unsigned i = 0; m->frames[c] && i < m->n_filled[c]; i++) {
            Frame *frame = &m->frames[c][m->filled[c][i]];

            g_free(frame->master);
            memset(frame, 0, sizeof(*frame));
        }
        m->n_filled[c] = 0;
    }
    m->n_used = 0;
}

void tw_qemu_memory_close(Machine *m)
{
    tw_qemu_memory_forget(m);
    for (unsigned c = 0; c < WINDOWS; c++) {
        if (m->frames[c] != NULL) {
            munmap(m->frames[c], RAM_PAGES * sizeof(Frame));
            m->frames[c] = NULL;
        }
    }
}

/* What RAM holds ---------------------------------------------------------- */

static void master_make(Frame *frame, unsigned contents, uint64_t offset,
                        uint8_t block)
{
    if (frame->master == NULL) {
        frame->master = g_malloc(PAGE_BYTES);
    }
    frame->contents = (uint8_t)contents;
    frame->block = block;
    frame->offset = offset;
    for (unsigned i = 0; i < PAGE_BYTES; i++) {
        frame->master[i] = tw_content_initial(contents, block, offset + i);
    }
}

/* Words that differ from the master are put right: by the guest if they may be
 * code that it has translated. */
static void page_fill(Machine *m, unsigned page, unsigned number)
{
    unsigned contents = m->program->contents;
    uint64_t at = tw_qemu_window(contents) + (uint64_t)page * PAGE_BYTES;
    const uint8_t *master = tw_qemu_frames(m)[page].master;

    if (tw_contents_kind(contents) == TW_CONTENTS_DATA) {
        memcpy(m->ram + at, master, PAGE_BYTES);
        return;
    }
    if (memcmp(m->ram + at, master, PAGE_BYTES) == 0) {
        return;
    }
    for (unsigned i = 0; i < PAGE_BYTES; i += 8) {
        uint64_t word;

        if (memcmp(m->ram + at + i, master + i, 8) != 0) {
            TwDo *put = tw_qemu_do(m, TW_DO_PUT, number);

            memcpy(&word, master + i, 8);
            put->addr = at + i;
            put->value = word;
        }
    }
}

static void page_use(Machine *m, uint64_t pa, unsigned number)
{
    unsigned contents = m->program->contents;
    unsigned window = tw_contents_are_code(contents);
    unsigned page = (unsigned)(pa >> PAGE_LG);
    Frame *frame = &tw_qemu_frames(m)[page];
    const Seen *seen = tw_qemu_view_at(&m->view, pa);
    uint64_t offset;

    if (seen == NULL || frame->used) {
        return;
    }
    offset = seen->offset + (pa & ~(uint64_t)(PAGE_BYTES - 1)) - seen->first;
    if (frame->master == NULL) {
        m->filled[window][m->n_filled[window]++] = page;
    }
    if (frame->master == NULL || frame->contents != contents ||
        frame->block != seen->block || frame->offset != offset) {
        master_make(frame, contents, offset, seen->block);
    }
    frame->used = true;
    m->used[m->n_used++] = page;
    page_fill(m, page, number);
}

static void reach(Machine *m, unsigned index, uint64_t va, unsigned number)
{
    for (unsigned i = 0; i < m->n_assigned; i++) {
        const Assigned *a = &m->assigned[i];

        if (a->leads && a->index == index && va >> a->lg == a->addr >> a->lg) {
            page_use(m, a->out + (va - a->addr), number);
        }
    }
}

void tw_qemu_memory_reach(Machine *m, const TwOp *op, unsigned number)
{
    uint64_t last = op->addr - 1 + tw_op_bytes(m->program, op);

    reach(m, op->index, op->addr, number);
    if (op->addr >> PAGE_LG != last >> PAGE_LG) {
        reach(m, op->index, last, number);
    }
    if (op->flags & TW_OPF_FROM) {
        reach(m, op->index, op->from, number);
    }
}

void tw_qemu_memory_finish(Machine *m, uint64_t *digests)
{
    unsigned contents = m->program->contents;

    for (unsigned i = 0; i < m->n_used; i++) {
        Frame *frame = &tw_qemu_frames(m)[m->used[i]];
        const uint8_t *now = m->ram + tw_qemu_window(contents) +
                             (uint64_t)m->used[i] * PAGE_BYTES;

        frame->used = false;
        if (memcmp(now, frame->master, PAGE_BYTES) == 0) {
            continue;
        }
        for (unsigned k = 0; k < PAGE_BYTES; k++) {
            if (now[k] != frame->master[k]) {
                digests[frame->block] +=
                    tw_ram_digest_term(frame->offset + k, now[k]);
            }
        }
    }
    m->n_used = 0;
}
