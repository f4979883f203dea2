/* SPDX-License-Identifier: MIT */
/* See record.h. */
#include "targets/unicorn/record.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell_text(const Call *call, unsigned page_lg, GString *text)
{
    uint64_t addr = (uint64_t)call->first << page_lg;
    uint64_t size = (uint64_t)(call->end - call->first) << page_lg;
    unsigned block = shown_id(call->shown);
    uint64_t offset = (uint64_t)shown_page(call->shown) << page_lg;
    static const char *const rights[] = {"none", "r",  "w",  "rw",
                                         "x",    "rx", "wx", "rwx"};

    switch (call->kind) {
    case CALL_MAP:
        g_string_printf(text,
                        "uc_mem_map_ptr(0x%" PRIx64 ", 0x%" PRIx64
                        ", %s, r%u+0x%" PRIx64 ")",
                        addr, size, rights[call->rights], block, offset);
        break;
    case CALL_MMIO:
        g_string_printf(text,
                        "uc_mmio_map(0x%" PRIx64 ", 0x%" PRIx64
                        ", r%u+0x%" PRIx64 ")",
                        addr, size, block, offset);
        break;
    case CALL_UNMAP:
        g_string_printf(text, "uc_mem_unmap(0x%" PRIx64 ", 0x%" PRIx64 ")",
                        addr, size);
        break;
    case CALL_PROTECT:
        g_string_printf(text,
                        "uc_mem_protect(0x%" PRIx64 ", 0x%" PRIx64 ", %s)",
                        addr, size, rights[call->rights]);
        break;
    case CALL_FLUSH:
        g_string_printf(text,
                        "uc_ctl_remove_cache(0x%" PRIx64 ", 0x%" PRIx64 ")",
                        addr, addr + size);
        break;
    case CALL_FLUSH_TLB:
        g_string_assign(text, "uc_ctl_flush_tlb()");
        break;
    case CALL_SAVE:
        g_string_assign(text, "uc_context_save()");
        break;
    case CALL_RESTORE:
        g_string_assign(text, "uc_context_restore()");
        break;
    case CALL_TLB_ENTRY:
    case CALL_HOOK:
        break; /* no calls of the library */
    case CALL_HOST_READ:
    case CALL_HOST_WRITE:
        g_string_printf(text, "uc_mem_%s(0x%" PRIx64 ", %u bytes)",
                        call->kind == CALL_HOST_READ ? "read" : "write",
                        call->addr, call->size);
        break;
    case CALL_POINTER_READ:
    case CALL_POINTER_WRITE:
        g_string_printf(text, "%s r%u+0x%" PRIx64 " by its own pointer",
                        call->kind == CALL_POINTER_READ ? "reads" : "writes",
                        block,
                        offset + (call->addr & ((UINT64_C(1) << page_lg) - 1)));
        break;
    case CALL_PART:
        if (call->part >= RECORD_PAIR_READ) {
            g_string_printf(
                text, "%s two of %u at 0x%" PRIx64,
                call->part >= RECORD_PAIR_WRITE ? "stores" : "loads",
                4u << ((call->part - RECORD_PAIR_READ) & 1), call->addr);
        } else if (call->part >= RECORD_RMW && call->part < RECORD_EXEC) {
            g_string_printf(text, "exchanges %u at 0x%" PRIx64 "%s",
                            1u << ((call->part - RECORD_RMW) & 3), call->addr,
                            call->part >= RECORD_EXCLUSIVE
                                ? ", by a load and a store"
                                : "");
        } else if (call->part == RECORD_EXEC) {
            g_string_printf(text, "calls 0x%" PRIx64, call->addr);
        } else if (call->part == RECORD_FROM) {
            g_string_printf(
                text, "has the instruction at 0x%" PRIx64 " access 0x%" PRIx64,
                call->from, call->addr);
        } else if (call->part >= RECORD_WRITE) {
            g_string_printf(text, "stores %u at 0x%" PRIx64,
                            1u << (call->part - RECORD_WRITE), call->addr);
        } else {
            g_string_printf(text, "loads %u at 0x%" PRIx64,
                            1u << (call->part - RECORD_READ), call->addr);
        }
        break;
    }
}

/* Adds a call to the recorder, if there is one, and reports it to the teller at
 * once, with the addresses of the program. */
static void record(Machine *m, Call *call)
{
    call->place = (CallPlace)m->call_place;
    call->nth = m->n_called;
    if (m->recorder != NULL && m->recorder->to >= 0) {
        if (write(m->recorder->to, call, sizeof(*call)) != sizeof(*call)) {
            _exit(1); /* a child that nobody listens to */
        }
    } else if (m->recorder != NULL) {
        g_array_append_val(m->recorder->calls, *call);
    }
    if (m->telling != NULL && call->kind != CALL_TLB_ENTRY &&
        call->kind != CALL_HOOK) {
        g_autoptr(GString) text = g_string_new(NULL);

        tell_text(call, m->flat.page_lg, text);
        m->telling->tell(m->telling->data, call->op,
                         call->kind == CALL_PART           ? "guest"
                         : call->kind >= CALL_POINTER_READ ? "host"
                                                           : "call",
                         text->str);
    }
}

void tw_uc_record_call(Machine *m, CallKind kind, unsigned first, unsigned end)
{
    Call call = {.kind = kind,
                 .op = m->started ? (uint16_t)m->op : TW_NO_OP,
                 .first = first,
                 .end = end,
                 .shown = m->flat.mapped[first],
                 .rights = m->flat.mapped_rights[first]};

    record(m, &call);
}

void tw_uc_record_tlb_entry(Machine *m, const TwOp *op)
{
    unsigned first = (unsigned)(op->addr >> m->page_lg);
    Call call = {.kind = CALL_TLB_ENTRY,
                 .op = m->started ? (uint16_t)m->op : TW_NO_OP,
                 .first = first,
                 .end = first + (1u << (op->lg - m->page_lg)),
                 .rights = op->code == TW_OP_PAGE ? op->perm : NO_ENTRY,
                 .out = (uint16_t)(op->out >> m->page_lg)};

    if (m->recorder != NULL) {
        record(m, &call);
    }
}

void tw_uc_record_hook(Machine *m, uint16_t op, bool goes_on)
{
    Call call = {.kind = CALL_HOOK, .op = op, .value = goes_on};

    if (m->recorder != NULL) {
        record(m, &call);
    }
}

void tw_uc_record_access(Machine *m, unsigned op, unsigned part, unsigned at,
                         uint64_t value)
{
    Call call = {.kind = CALL_PART,
                 .op = (uint16_t)op,
                 .part = part,
                 .addr = m->program->script[op].addr + at,
                 .value = at < 8 ? value >> 8 * at : 0,
                 .from = m->program->script[op].from};

    record(m, &call);
}

void tw_uc_record_access_pair(Machine *m, unsigned op, unsigned part,
                              uint64_t value, uint64_t second)
{
    Call call = {.kind = CALL_PART,
                 .op = (uint16_t)op,
                 .part = part,
                 .addr = m->program->script[op].addr,
                 .value = value,
                 .from = second};

    record(m, &call);
}

void tw_uc_record_host_access(Machine *m, CallKind kind, unsigned at,
                              Shown shown, uint64_t value)
{
    bool whole = kind == CALL_HOST_READ || kind == CALL_HOST_WRITE;
    Call call = {.kind = kind,
                 .op = (uint16_t)m->op,
                 .shown = shown,
                 .addr = m->program->script[m->op].addr + at,
                 .value = value,
                 .size = whole ? m->program->script[m->op].size : 1};

    record(m, &call);
}

void tw_uc_record_ram(Machine *m)
{
    const Memory *memory = &m->memory;

    for (uint32_t i = 0; i < memory->n_pages; i++) {
        uint32_t n = memory->pages[i];
        RamPage *page;

        g_array_set_size(m->recorder->ram, m->recorder->ram->len + 1);
        page = &g_array_index(m->recorder->ram, RamPage,
                              m->recorder->ram->len - 1);
        page->block = (uint8_t)(n / PAGES);
        page->page = n % PAGES;
        memcpy(page->bytes,
               memory->now[pool_of(m->program->contents)] +
                   ((size_t)n << memory->page_lg),
               tw_uc_page_size(m));
    }
}

/* Reads the next call; false: there is none, or none came for a long time. */
static bool next_call(int from, Call *call)
{
    struct pollfd readable = {.fd = from, .events = POLLIN};

    return poll(&readable, 1, TW_TIMEOUT_MS) == 1 &&
           read(from, call, sizeof(*call)) == sizeof(*call);
}

/* Runs a program in which the library dies or hangs, in a child, and records
 * the calls up to the last. */
static bool record_death(Machine *m, const TwProgram *program,
                         Recorder *recorder)
{
    int ends[2];
    pid_t child;
    Call call;

    if (pipe(ends) != 0 || (child = fork()) < 0) {
        return false;
    }
    if (child == 0) {
        g_autofree TwTrace *trace = g_new(TwTrace, 1);

        close(ends[0]);
        freopen("/dev/null", "w", stderr); /* the library's last words */
        recorder->to = ends[1];
        tw_target_run(&m->target, program, trace);
        _exit(0);
    }
    close(ends[1]);
    while (next_call(ends[0], &call)) {
        g_array_append_val(recorder->calls, call);
    }
    close(ends[0]);
    kill(child, SIGKILL); /* if it hangs */
    waitpid(child, NULL, 0);
    return recorder->calls->len > 0;
}

bool tw_uc_record_run(Machine *m, const TwProgram *program, bool dies,
                      Recorder *recorder)
{
    bool done = true;

    recorder->calls = g_array_new(FALSE, TRUE, sizeof(Call));
    recorder->ram = g_array_new(FALSE, TRUE, sizeof(RamPage));
    recorder->to = -1;
    m->recorder = recorder;
    if (dies) {
        done = record_death(m, program, recorder);
    } else {
        g_autofree TwTrace *trace = g_new(TwTrace, 1);

        tw_target_run(&m->target, program, trace);
    }
    m->recorder = NULL;
    return done;
}
