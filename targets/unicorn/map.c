/* SPDX-License-Identifier: MIT */
/* The engine's mappings: the calls that flat.c asks for, and the devices. */
#include <stdio.h>
#include <string.h>

#include "targets/unicorn/internal.h"
#include "targets/unicorn/record.h"

void tw_uc_fail(Machine *m, const char *what, uint64_t addr, uint64_t size,
                uc_err err)
{
    m->lost = true;
    if (m->broken) {
        return;
    }
    m->broken = true;
    m->trace->end = TW_END_INVARIANT;
    m->trace->end_op = (uint16_t)m->op;
    snprintf(m->trace->text, sizeof(m->trace->text),
             "%s 0x%" G_GINT64_MODIFIER "x size 0x%" G_GINT64_MODIFIER "x: %s",
             what, addr, size, m->lib.strerror(err));
}

/* Devices ---------------------------------------------------------------- */

/* Logs the bytes of one call of a callback. */
static void device_log(const Device *device, unsigned kind, uint64_t offset,
                       unsigned size, uint64_t value)
{
    Machine *m = device->machine;
    const Record *access = tw_uc_agent_record(m);
    uint16_t op = access->op;

    for (unsigned i = 0; i < size; i++) {
        unsigned n = m->trace->n_log;
        TwLogRecord record = {
            .op = op,
            .kind = (uint8_t)kind,
            .region = device->region,
            .byte = kind == TW_LOG_FETCH ? 0 : (uint8_t)(value >> 8 * i),
            .call = i == 0 ? (uint8_t)size : 0,
            .offset = device->offset + offset + i,
            .attrs = m->attrs,
        };
        if (!tw_trace_add_log(m->trace, record)) {
            if (!m->broken) {
                m->broken = true;
                m->trace->end_op = op;
            }
            return;
        }
        /* Pages that follow each other need not lead to such. */
        m->log_at[n] = m->vtlb ? access->at : device->addr + offset + i;
    }
}

static uint64_t device_bytes(const Machine *m, uint8_t region, uint64_t offset,
                             unsigned size)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)tw_device_byte(region, offset + i, m->attrs)
                 << 8 * i;
    }
    return value;
}

uint64_t tw_uc_fetched_word(const Machine *m, unsigned k)
{
    return device_bytes(m, m->fetched[k].region, m->fetched[k].offset, 8);
}

/*
 * Arbitrary bytes cannot be executed.  A fetch from a device gets a code word
 * whose number stands for the eight bytes that a read would get.
 */
static uint64_t device_fetch(const Device *device, uint64_t offset,
                             unsigned size)
{
    Machine *m = device->machine;
    uint64_t word = (device->offset + offset) & ~UINT64_C(7);
    uint64_t value = 0;
    unsigned k = m->n_fetched;

    device_log(device, TW_LOG_FETCH, offset, size, 0);
    if (tw_contents_are_runs(m->program->contents)) {
        for (unsigned i = 0; i < size; i++) {
            value |= (uint64_t)tw_content_fetched(
                         m->program->contents, device->region,
                         device->offset + offset + i, m->attrs)
                     << 8 * i;
        }
        return value;
    }
    if (tw_code_is_access(device->offset + offset)) {
        for (unsigned i = 0; i < size; i++) {
            value |= (uint64_t)tw_code_access_byte(m->program->contents,
                                                   device->offset + offset + i)
                     << 8 * i;
        }
        return value;
    }
    if (k == 0 || m->fetched[k - 1].region != device->region ||
        m->fetched[k - 1].offset != word) {
        if (k == TW_MAX_SCRIPT) {
            k = m->n_fetched = 0;
        }
        m->fetched[k].region = device->region;
        m->fetched[k].offset = word;
        m->n_fetched = ++k;
    }
    for (unsigned i = 0; i < size; i++) {
        value |= (uint64_t)tw_code_byte(m->program->contents,
                                        (uint16_t)(FETCHED + k - 1),
                                        (unsigned)(offset + i) & 7)
                 << 8 * i;
    }
    return value;
}

/* Is a call of so many bytes the whole of the access in flight? */
static bool is_whole_load(const Machine *m, unsigned size)
{
    const TwOp *access =
        &m->program->script[tw_uc_agent_record((Machine *)m)->op];

    return access->code == TW_OP_READ && access->size == size &&
           access->addr % size == 0;
}

/* Counts the callbacks that the access `op` calls. */
static void note_callback(Machine *m, uint16_t op)
{
    if (m->called_by != op) {
        m->called_by = op;
        m->n_called = 0;
    }
    m->n_called++;
}

TW_CALLED_BACK static uint64_t device_read(uc_engine *uc, uint64_t offset,
                                           unsigned size, void *data)
{
    const Device *device = data;
    Machine *m = device->machine;
    uint64_t value;

    note_callback(m, tw_uc_agent_record(m)->op);
    /* What an instruction accesses is nowhere near its own word. */
    if (tw_uc_agent_record(m)->kind == RECORD_EXEC ||
        (tw_uc_agent_record(m)->kind == RECORD_FROM &&
         tw_code_is_access(device->offset + offset))) {
        return device_fetch(device, offset, size);
    }
    value = device_bytes(m, device->region, device->offset + offset, size);
    device_log(device, TW_LOG_READ, offset, size, value);
    if (is_whole_load(m, size)) {
        m->call_place = FROM_DEVICE;
        tw_uc_perform_during(m, tw_uc_agent_record(m)->op);
        m->call_place = FROM_HOST;
        if (m->broken) {
            m->lib.emu_stop(uc);
        }
    }
    return value;
}

void tw_uc_ask_actors(Machine *m, uint8_t region, uint16_t op, uint64_t offset,
                      unsigned size)
{
    const TwProgram *program = m->program;

    if (m->asked.op != op) {
        m->asked = (Asked){.op = op};
    }
    m->asked.n_told = (uint8_t)(m->asked.n_told + size);
    for (unsigned k = 0; k < size; k++) {
        for (unsigned a = 0; a < program->n_actors; a++) {
            const TwActor *actor = &program->actors[a];

            if (actor->region == region && actor->offset == offset + k &&
                memchr(m->asked.actors, (int)a, m->asked.n) == NULL) {
                m->asked.actors[m->asked.n++] = (uint8_t)a;
            }
        }
    }
}

/*
 * Actors act after all effects of the access (LA-27).  If it stays in one
 * page, this is the callback of its last bytes, and they act inside it;
 * otherwise the agent rings for them.
 */
TW_CALLED_BACK static void device_write(uc_engine *uc, uint64_t offset,
                                        unsigned size, uint64_t value,
                                        void *data)
{
    const Device *device = data;
    Machine *m = device->machine;
    uint16_t op = tw_uc_agent_record(m)->op;

    note_callback(m, op);
    device_log(device, TW_LOG_WRITE, offset, size, value);
    if (m->program->n_actors == 0 && !tw_uc_during_waits(m, op)) {
        return;
    }
    tw_uc_ask_actors(m, device->region, op, device->offset + offset, size);
    if (!tw_uc_crosses(m->program, &m->program->script[op]) &&
        m->asked.n_told == m->program->script[op].size) {
        m->call_place = FROM_DEVICE;
        tw_uc_perform_during(m, op);
        tw_uc_perform_asked(m);
        m->call_place = FROM_HOST;
        if (m->broken) {
            m->lib.emu_stop(uc);
        }
    }
}

/* Calls ------------------------------------------------------------------- */

static uint64_t guest(const Machine *m, unsigned page)
{
    return m->window + ((uint64_t)page << m->flat.page_lg);
}

static uc_err map_device(Machine *m, unsigned first, unsigned end)
{
    Shown shown = m->flat.mapped[first];
    Device *device = &m->devices[m->n_devices];

    if (m->n_devices == MAX_DEVICES) {
        m->broken = true;
        m->trace->end = TW_END_OVERFLOW;
        m->trace->end_op = (uint16_t)m->op;
        return UC_ERR_OK;
    }
    m->n_devices++;
    *device = (Device){.machine = m,
                       .region = shown_id(shown),
                       .offset = (uint64_t)shown_page(shown) << m->flat.page_lg,
                       .addr = (uint64_t)first << m->flat.page_lg};
    return m->lib.mmio_map(m->uc, guest(m, first),
                           (uint64_t)(end - first) << m->flat.page_lg,
                           device_read, device, device_write, device);
}

/* Part of a device's mapping cannot be unmapped without splitting it, which is
 * for the class "unicorn" to test: here it goes as a whole, and the rest of it
 * comes again.  What the rest is, is told by the flat view. */
static void widen(const Machine *m, unsigned *first, unsigned *end)
{
    const Shown *mapped = m->flat.mapped;
    unsigned f = *first, e = *end;

    while (f > 0 && mapped[f - 1] & SHOWS_DEVICE &&
           (f == *first || mapped[f - 1] + 1 == mapped[f])) {
        f--;
    }
    while (e < PAGES && mapped[e] & SHOWS_DEVICE &&
           (e == *end || mapped[e - 1] + 1 == mapped[e])) {
        e++;
    }
    *first = f;
    *end = e;
}

static bool unmap_run(void *data, unsigned first, unsigned end)
{
    Machine *m = data;
    unsigned from = first, to = end;
    uint64_t size;
    uc_err err;

    if (m->vtlb != NULL) {
        widen(m, &from, &to);
    }
    size = (uint64_t)(to - from) << m->flat.page_lg;
    tw_uc_record(m, CALL_UNMAP, from, to);
    err = m->lib.mem_unmap(m->uc, guest(m, from), size);
    if (err == UC_ERR_OK && from < first) {
        err = map_device(m, from, first);
    }
    if (err == UC_ERR_OK && to > end) {
        err = map_device(m, end, to);
    }
    if (err != UC_ERR_OK) {
        tw_uc_fail(m, "uc_mem_unmap", (uint64_t)from << m->flat.page_lg, size,
                   err);
    }
    return !m->broken;
}

static bool map_run(void *data, unsigned first, unsigned end)
{
    Machine *m = data;
    uint64_t size = (uint64_t)(end - first) << m->flat.page_lg;
    uint64_t addr = (uint64_t)first << m->flat.page_lg;
    Shown shown = m->flat.mapped[first];
    uc_err err = UC_ERR_OK;

    tw_uc_record(m, shown & SHOWS_RAM ? CALL_MAP : CALL_MMIO, first, end);
    if (shown & SHOWS_RAM) {
        uint8_t *host =
            tw_uc_memory_use(&m->memory, m->program->contents, shown_id(shown),
                             shown_page(shown), end - first);
        err = m->lib.mem_map_ptr(m->uc, guest(m, first), size,
                                 m->flat.mapped_rights[first], host);
    } else {
        err = map_device(m, first, end);
    }
    if (err != UC_ERR_OK) {
        tw_uc_fail(m, shown & SHOWS_RAM ? "uc_mem_map_ptr" : "uc_mmio_map",
                   addr, size, err);
    }
    for (unsigned p = first; p < end; p++) {
        m->ever_mapped[p / 64] |= UINT64_C(1) << p % 64;
    }
    return !m->broken;
}

static bool protect_run(void *data, unsigned first, unsigned end)
{
    Machine *m = data;
    uint64_t size = (uint64_t)(end - first) << m->flat.page_lg;
    uc_err err;

    tw_uc_record(m, CALL_PROTECT, first, end);
    err = m->lib.mem_protect(m->uc, guest(m, first), size,
                             m->flat.mapped_rights[first]);
    if (err != UC_ERR_OK) {
        tw_uc_fail(m, "uc_mem_protect", (uint64_t)first << m->flat.page_lg,
                   size, err);
    }
    return !m->broken;
}

static const FlatCalls calls = {unmap_run, map_run, protect_run};

void tw_uc_map_sync(Machine *m, unsigned first, unsigned end)
{
    if (m->flat.graph.too_deep) {
        m->broken = true;
        m->trace->end = TW_END_UNSUPPORTED;
        m->trace->end_op = (uint16_t)m->op;
        g_strlcpy(m->trace->text, "regions shown too many times",
                  sizeof(m->trace->text));
        return;
    }
    tw_uc_flat_sync(&m->flat, first, end, &calls, m);
}

void tw_uc_map_clear(Machine *m)
{
    tw_uc_flat_clear(&m->flat, &calls, m);
}

void tw_uc_map_flush_tlb(Machine *m)
{
    uc_err err;

    /* In 2.0 the call of this name drops translated code. */
    if (!tw_uc_is_2_1(&m->lib)) {
        return;
    }
    tw_uc_record(m, CALL_FLUSH_TLB, 0, 0);
    err = tw_uc_flush_tlb(m);
    if (err != UC_ERR_OK) {
        tw_uc_fail(m, "uc_ctl_flush_tlb", 0, 0, err);
    }
}

/*
 * Page by page, since the library translates the first address of a range and
 * takes the others to lie behind it.  What is not mapped now may have been
 * when it was translated, and may be again.
 */
void tw_uc_map_flush(Machine *m, uint64_t first, uint64_t last)
{
    uint64_t end = MIN(last >> m->flat.page_lg, PAGES - 1);

    for (uint64_t p = first >> m->flat.page_lg; p <= end && !m->broken; p++) {
        uint64_t at = guest(m, (unsigned)p);
        uc_err err;

        if (!(m->ever_mapped[p / 64] >> p % 64 & 1)) {
            continue;
        }
        tw_uc_record(m, CALL_FLUSH, (unsigned)p, (unsigned)p + 1);
        /* Behind the last page there is no address. */
        err = tw_uc_remove_cache(
            m, at,
            at + tw_uc_page_size(m) ? at + tw_uc_page_size(m) : UINT64_MAX);
        if (err != UC_ERR_OK) {
            tw_uc_fail(m, "uc_ctl_remove_cache", p << m->flat.page_lg,
                       tw_uc_page_size(m), err);
        }
    }
    /* Last, since uc_ctl_remove_cache fills entries of the TLB. */
    if (last == UINT64_MAX && !m->broken) {
        tw_uc_map_flush_tlb(m);
    }
}
