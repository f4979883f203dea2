/* SPDX-License-Identifier: MIT */
/*
 * The process of a target: a stock QEMU behind pipes (process/process.h), which
 * are the guest's serial port.  Its RAM is memory that it shares with us; the
 * agent is given to it as a file in memory.  Nothing stays in a folder.
 */
#include <stdio.h>
#include <string.h>

#include "targets/qemu/internal.h"

enum {
    START_TIMES = 6, /* limits (process/watch.h) that a start may take */
    DYING_MS = 2000, /* for the last words of one that ends */
    MOST_SAID = 64,  /* bytes that the serial port says in a round */
};

static void stop(Machine *m)
{
    tw_process_end(&m->process, 0);
    m->grown_ms = 0;
}

/* Ends a process that did not answer as it should, and says why. */
static void post_mortem(Machine *m, TwReply reply, char *text, size_t size)
{
    TwProcess *p = &m->process;

    tw_process_end(p, reply == TW_REPLY_ENDED ? DYING_MS : 0);
    m->grown_ms = 0;
    if (reply == TW_REPLY_TIMEOUT) {
        snprintf(text, size, "QEMU did not answer in %u ms", m->timeout_ms);
    } else if (reply != TW_REPLY_ENDED) {
        snprintf(text, size,
                 "the guest's serial port said what the agent "
                 "does not say");
    } else if (p->signal) {
        snprintf(text, size, "QEMU died of signal %d (%s)%s%.100s", p->signal,
                 g_strsignal(p->signal), p->complaint[0] ? ": " : "",
                 p->complaint);
    } else {
        snprintf(text, size, "QEMU ended with exit code %d%s%.100s", p->code,
                 p->complaint[0] ? ": " : "", p->complaint);
    }
}

bool tw_qemu_start(Machine *m, char *why, size_t size)
{
    const TwProcessFd fds[] = {{m->ram_fd, "TW_RAM"}, {m->file_fd, "TW_FILE"}};
    TwMailbox *box = tw_qemu_mailbox(m);
    TwReply reply;

    if (m->process.pid != 0) {
        return true;
    }
    if (m->started &&
        !tw_qemu_is_still(m->binary, m->arch->name, m->version, why, size)) {
        return false;
    }
    m->started = m->fresh = true;
    memset(box, 0, sizeof(*box));
    for (unsigned half = 0; half < 2; half++) {
        box->roots[half] = m->arch->ram + TW_AGENT_TABLE(half);
    }
    tw_qemu_table_reset(m);
    if (m->arch->prepare) {
        m->arch->prepare(m->ram);
    }
    if (!tw_process_start(&m->process, m->command, fds, 2)) {
        snprintf(why, size, "expected to start a process: %s",
                 g_strerror(errno));
        return false;
    }
    reply = tw_process_ask(&m->process, "", 0, "d\n", MOST_SAID,
                           START_TIMES * m->timeout_ms, NULL);
    if (reply != TW_REPLY_DONE) {
        post_mortem(m, reply, why, size);
        return false;
    }
    if (box->broken) {
        snprintf(why, size, "the agent did not start");
        stop(m);
        return false;
    }
    m->round = 0;
    return true;
}

bool tw_qemu_round(Machine *m)
{
    TwMailbox *box = tw_qemu_mailbox(m);
    TwTrace *trace = m->trace;
    TwReply reply;

    box->n_ops = m->n_ops;
    box->n_done = 0;
    __atomic_store_n(&box->go, ++m->round, __ATOMIC_RELEASE);
    reply = tw_process_ask(&m->process, "g", 1, "d\n", MOST_SAID, m->timeout_ms,
                           &box->in_flight);
    if (m->in_flight) {
        *m->in_flight = box->in_flight;
    }
    if (reply == TW_REPLY_DONE && !box->broken && box->done == m->round) {
        return true;
    }
    m->broken = true;
    trace->end_op = (uint16_t)box->in_flight;
    if (reply == TW_REPLY_DONE) {
        trace->end = TW_END_INVARIANT;
        snprintf(trace->text, sizeof(trace->text),
                 "the agent was interrupted: fault 0x%llx at 0x%llx, "
                 "instruction 0x%llx",
                 (unsigned long long)box->panic.fault,
                 (unsigned long long)box->panic.at,
                 (unsigned long long)box->panic.pc);
        stop(m);
        return false;
    }
    trace->end = reply == TW_REPLY_TIMEOUT ? TW_END_HUNG
                 : reply == TW_REPLY_ENDED ? TW_END_DIED
                                           : TW_END_MALFORMED;
    post_mortem(m, reply, trace->text, sizeof(trace->text));
    trace->signal = m->process.signal;
    return false;
}
