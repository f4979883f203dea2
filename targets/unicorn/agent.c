/* SPDX-License-Identifier: MIT */
/*
 * The engine, and the agent that makes accesses in it: machine code which
 * works through an array of records (agent.h).  An access that fails ends the
 * run of the agent at its record; the caller starts it again at another.
 *
 * The agent's own pages and the program's share the library's TLB of 256
 * slots.  The agent fetches its code through translated blocks, so what
 * competes is the page of records and the doorbell, in two slots in the
 * middle of nowhere.
 */
#include <string.h>
#include <sys/mman.h>

#include "targets/unicorn/agent.h"
#include "targets/unicorn/clock.h"
#include "targets/unicorn/record.h"
#include "targets/unicorn/uncounted.h"

#define CODE UINT64_C(0x1009b000)
#define RECORDS UINT64_C(0x100ad000)
#define DOORBELL UINT64_C(0x100c5000)
#define PAD UINT64_C(0x10200000)
/* Windows lie between the agent and 1 GiB: every mapping call makes the
 * library go through the nodes of a tree, and so they share most of them. */
#define FIRST_WINDOW UINT64_C(0x11000000)
enum { WINDOWS = 46 };

/* Pages that the guest reads to fill the library's TLB. */
enum { PAD_PAGES = 100, PAD_SIZE = PAD_PAGES * MAX_PAGE };
_Static_assert(PAD_PAGES + 2 <= MAX_RECORDS, "see fill_and_flush()");
static uint8_t pad[PAD_SIZE] __attribute__((aligned(MAX_PAGE)));

TW_UNCOUNTED static void code_put(uint8_t **at, const AgentCode *code)
{
    memcpy(*at, code->bytes, code->size);
    *at += code->size;
}

/* `page`: all zero. */
TW_UNCOUNTED static void agent_assemble(const Guest *guest, uint8_t *page)
{
    uint8_t *at = page;

    code_put(&at, &guest->entry);
    for (unsigned k = 0; k < RECORD_KINDS; k++) {
        at = page + AGENT_HANDLERS + (k << guest->handler_lg);
        if (guest->handlers[k].size > 0) {
            code_put(&at, &guest->handlers[k]);
            code_put(&at, &guest->next);
        }
    }
}

TW_CALLED_BACK static uint64_t doorbell_read(uc_engine *uc, uint64_t offset,
                                             unsigned size, void *data)
{
    (void)uc, (void)offset, (void)size, (void)data;
    return 0; /* the agent never reads it */
}

/* The agent asks for operation `value`, inside its run. */
TW_CALLED_BACK static void doorbell_write(uc_engine *uc, uint64_t offset,
                                          unsigned size, uint64_t value,
                                          void *data)
{
    Machine *m = data;

    (void)offset, (void)size;
    m->call_place = FROM_DOORBELL;
    if (value == RING_ACTORS) {
        tw_uc_perform_asked(m);
    } else if (value == RING_DURING) {
        tw_uc_perform_during(m, tw_uc_agent_record(m)->op);
    } else {
        tw_uc_perform(m, (unsigned)value);
    }
    m->call_place = FROM_HOST;
    if (m->broken) {
        m->lib.emu_stop(uc);
    }
}

TW_CALLED_BACK static void on_access(uc_engine *uc, uc_mem_type type,
                                     uint64_t address, int size, int64_t value,
                                     void *data)
{
    (void)uc, (void)type, (void)address, (void)size, (void)value, (void)data;
}

/* A range that ends before it begins is everywhere. */
static uc_err hook_everything(const Machine *m)
{
    uc_hook hook;

    return m->lib.hook_add(m->uc, &hook, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE,
                           (void *)(uintptr_t)on_access, NULL, 1, 0);
}

void tw_uc_take_slow_path(Machine *m)
{
    m->slow_path = true;
    tw_uc_engine_close(m);
}

/* Switches on what the handlers use. */
TW_UNCOUNTED static uc_err set_control(Machine *m)
{
    uint64_t value = 0;
    uc_err err;

    if (m->guest->control_bits == 0) {
        return UC_ERR_OK;
    }
    err = m->lib.reg_read(m->uc, m->guest->control, &value);
    value |= m->guest->control_bits;
    return err ? err : m->lib.reg_write(m->uc, m->guest->control, &value);
}

TW_UNCOUNTED static uc_err engine_open(Machine *m)
{
    uint8_t code[MAX_PAGE] = {0};
    uint64_t table = CODE + AGENT_HANDLERS;
    uint32_t page = 0;
    uc_err err = m->lib.open(m->guest->arch, m->guest->mode, &m->uc);

    if (err != UC_ERR_OK) {
        m->uc = NULL;
        return err;
    }
    if (m->guest->cpu_model >= 0) {
        err = tw_uc_set_cpu_model(&m->lib, m->uc, m->guest->cpu_model);
    }
    agent_assemble(m->guest, code);
    if (err ||
        (err = m->lib.mem_map(m->uc, CODE, MAX_PAGE,
                              UC_PROT_READ | UC_PROT_EXEC)) ||
        (err = m->lib.mem_write(m->uc, CODE, code, sizeof(code))) ||
        (err = m->lib.mem_map_ptr(m->uc, RECORDS, MAX_PAGE,
                                  UC_PROT_READ | UC_PROT_WRITE, m->records)) ||
        (err = m->lib.mmio_map(m->uc, DOORBELL, MAX_PAGE, doorbell_read, m,
                               doorbell_write, m)) ||
        (err = m->lib.mem_map_ptr(m->uc, PAD, PAD_SIZE, UC_PROT_READ, pad)) ||
        (err = tw_uc_get_page_size(&m->lib, m->uc, &page)) ||
        (err = m->lib.reg_write(m->uc, m->guest->table, &table)) ||
        (err = set_control(m)) ||
        (m->slow_path && (err = hook_everything(m))) ||
        (m->vtlb != NULL && (err = tw_uc_vtlb_start(m))) ||
        (m->snapshots && (err = tw_uc_snapshot_start(m)))) {
        m->lib.close(m->uc);
        m->uc = NULL;
        return err;
    }
    m->windows = 0;
    m->tlb_page_lg = (unsigned)__builtin_ctz(page);
    return UC_ERR_OK;
}

/* Adds records: a load from each of `n` pages of the pad, then a flush. */
TW_UNCOUNTED static void fill_and_flush(Machine *m, unsigned *at, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        m->records[(*at)++] = (Record){
            .kind = RECORD_READ,
            .addr = PAD + ((uint64_t)i << m->tlb_page_lg),
        };
    }
    m->records[(*at)++] = (Record){.kind = RECORD_FLUSH};
    m->records[*at] = (Record){.kind = RECORD_EXIT};
}

/* After a snapshot the guest's records are not those that were mapped
 * (snapshot.c): the host writes them before a run, and reads them after it. */
static uc_err records_show(Machine *m)
{
    return m->saved != NULL
               ? m->lib.mem_write(m->uc, RECORDS, m->records, MAX_PAGE)
               : UC_ERR_OK;
}

static void records_take(Machine *m)
{
    if (m->saved != NULL) {
        m->lib.mem_read(m->uc, RECORDS, m->records, MAX_PAGE);
    }
}

TW_UNCOUNTED static uc_err agent_run(Machine *m, unsigned first,
                                     unsigned *stopped)
{
    uint64_t at = RECORDS + first * sizeof(Record);
    uc_err err;

    for (unsigned i = first; m->records[i].kind != RECORD_EXIT; i++) {
        if (m->records[i].kind == RECORD_DOORBELL) {
            m->records[i].addr = DOORBELL;
        }
    }
    m->lib.reg_write(m->uc, m->guest->record, &at);
    err = records_show(m);
    if (err == UC_ERR_OK) {
        err = m->lib.emu_start(m->uc, CODE, CODE + AGENT_EXIT, 0, 0);
        records_take(m);
    }
    if (err != UC_ERR_OK || m->broken) {
        *stopped = (unsigned)(tw_uc_agent_record(m) - m->records);
    }
    return err;
}

/*
 * Makes the TLB of a used engine as it is in a new one; false if that fails.
 *
 * A new TLB has 256 slots.  At a flush the library doubles it if more than 70 %
 * of the slots were filled since the last flush; it counts fills, and sometimes
 * loses count.  It makes the TLB smaller, down to 64 slots, if it was little
 * used for 100 ms.  A TLB of another size keeps stale entries for another time,
 * so the next program would give another trace.  Here a second passes at each
 * flush: a few flushes with little between them give 64 slots, then 50 fills
 * give 128, and 100 fills 256.
 */
TW_UNCOUNTED static bool engine_renew(Machine *m)
{
    unsigned at = 0, stopped;
    bool ok;

    tw_uc_clock_tick(true);
    for (unsigned i = 0; i < 4; i++) {
        fill_and_flush(m, &at, 1);
    }
    fill_and_flush(m, &at, 50);
    ok = agent_run(m, 0, &stopped) == UC_ERR_OK;
    at = 0;
    fill_and_flush(m, &at, PAD_PAGES);
    ok = ok && agent_run(m, 0, &stopped) == UC_ERR_OK;
    tw_uc_clock_tick(false);
    return ok;
}

uint64_t tw_uc_window(Place place, unsigned page_lg)
{
    return place == PLACE_LAST   ? -(UINT64_C(1) << (PAGES_LG + page_lg))
           : place == PLACE_HIGH ? FIRST_WINDOW | UINT64_C(0x8123) << 48
                                 : FIRST_WINDOW;
}

TW_UNCOUNTED bool tw_uc_engine_prepare(Machine *m)
{
    unsigned windows = m->place == PLACE_LAST ? 1 : WINDOWS;

    if (m->uc != NULL && (m->windows == windows || !engine_renew(m))) {
        tw_uc_engine_close(m);
    }
    if (m->uc == NULL && engine_open(m) != UC_ERR_OK) {
        return false;
    }
    m->window = tw_uc_window(m->place, m->memory.page_lg) +
                ((uint64_t)m->windows++ << WINDOW_STEP_LG);
    return true;
}

TW_UNCOUNTED void tw_uc_engine_close(Machine *m)
{
    if (m->uc != NULL) {
        m->lib.close(m->uc);
        m->uc = NULL;
        m->hooked = false;
    }
}

uc_err tw_uc_agent_run(Machine *m, unsigned first, unsigned *stopped)
{
    return agent_run(m, first, stopped);
}

const Record *tw_uc_agent_record(Machine *m)
{
    uint64_t at = 0;

    m->lib.reg_read(m->uc, m->guest->record, &at);
    return m->records + (at - RECORDS) / sizeof(Record) % MAX_RECORDS;
}

uint64_t tw_uc_agent_result(Machine *m)
{
    uint64_t result = 0;

    m->lib.reg_read(m->uc, m->guest->result, &result);
    return result;
}
