/* SPDX-License-Identifier: MIT */
/*
 * The process of the target: a stock QEMU behind pipes (process/process.h),
 * which are the guest's serial port.  Its main RAM is memory that it shares
 * with us; the agent is given to it as a file in memory.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "targets/mpc/internal.h"
#include "targets/qemu-version.h"

enum {
    START_TIMES = 6, /* limits (process/watch.h) that a start may take */
    DYING_MS = 2000, /* for the last words of one that ends */
    MOST_SAID = 64,  /* bytes that the serial port says in a round */
};

static void stop(Machine *m)
{
    tw_process_end(&m->process, 0);
}

/* Ends a process that did not answer as it should, and says why. */
static void post_mortem(Machine *m, TwReply reply, char *text, size_t size)
{
    TwProcess *p = &m->process;

    tw_process_end(p, reply == TW_REPLY_ENDED ? DYING_MS : 0);
    if (reply == TW_REPLY_TIMEOUT) {
        snprintf(text, size, "QEMU did not answer in %u ms", m->timeout_ms);
    } else if (reply != TW_REPLY_ENDED) {
        snprintf(text, size,
                 "the guest's serial port said what the agent does not say");
    } else if (p->signal) {
        snprintf(text, size, "QEMU died of signal %d (%s)%s%.100s", p->signal,
                 g_strsignal(p->signal), p->complaint[0] ? ": " : "",
                 p->complaint);
    } else {
        snprintf(text, size, "QEMU ended with exit code %d%s%.100s", p->code,
                 p->complaint[0] ? ": " : "", p->complaint);
    }
}

bool tw_mpc_start(Machine *m, char *why, size_t size)
{
    const TwProcessFd fds[] = {{m->ram_fd, "TW_RAM"}, {m->file_fd, "TW_FILE"}};
    TwMpcMailbox *box = tw_mpc_mailbox(m);
    TwReply reply;

    if (m->process.pid != 0) {
        return true;
    }
    if (m->started &&
        !tw_qemu_is_still(m->binary, "mpc", m->version, why, size)) {
        return false;
    }
    m->started = true;
    memset(box, 0, sizeof(*box));
    box->n_cpus = m->n_cpus;
    m->fresh = true;
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

/* Lets the agent go on until it says that it is done. */
static TwReply ask(Machine *m)
{
    TwMpcMailbox *box = tw_mpc_mailbox(m);
    TwReply reply;

    box->n_ops = m->n_ops;
    box->n_done = 0;
    __atomic_store_n(&box->go, ++m->round, __ATOMIC_RELEASE);
    reply = tw_process_ask(&m->process, "g", 1, "d\n", MOST_SAID, m->timeout_ms,
                           &box->in_flight);
    if (m->in_flight) {
        *m->in_flight = box->in_flight;
    }
    return reply;
}

static void fail(Machine *m, TwReply reply)
{
    const TwMpcMailbox *box = tw_mpc_mailbox(m);
    TwTrace *trace = m->trace;

    m->broken = true;
    trace->end_op = (uint16_t)box->in_flight;
    if (reply == TW_REPLY_DONE) {
        trace->end = TW_END_INVARIANT;
        snprintf(trace->text, sizeof(trace->text),
                 "the agent was interrupted: exception %u, CFSR 0x%x, BFAR "
                 "0x%x, SFSR 0x%x",
                 box->panic.fault, box->panic.cfsr, box->panic.bfar,
                 box->panic.sfsr);
        stop(m);
        return;
    }
    trace->end = reply == TW_REPLY_TIMEOUT ? TW_END_HUNG
                 : reply == TW_REPLY_ENDED ? TW_END_DIED
                                           : TW_END_MALFORMED;
    post_mortem(m, reply, trace->text, sizeof(trace->text));
    trace->signal = m->process.signal;
}

bool tw_mpc_round(Machine *m)
{
    const TwMpcMailbox *box = tw_mpc_mailbox(m);
    TwReply reply = ask(m);

    if (reply == TW_REPLY_DONE && !box->broken && box->done == m->round) {
        return true;
    }
    fail(m, reply);
    return false;
}

/* QEMU resets the first CPU alone. */
static void restart(Machine *m)
{
    stop(m);
    if (!tw_mpc_start(m, m->trace->text, sizeof(m->trace->text))) {
        m->broken = true;
        m->trace->end = TW_END_DIED;
        m->trace->end_op = 0;
    }
}

/* The agent's answer is what it says at its start. */
void tw_mpc_reset(Machine *m)
{
    TwMpcMailbox *box = tw_mpc_mailbox(m);
    TwReply reply;

    if (m->n_cpus > 1) {
        restart(m);
        return;
    }

    *(TwMpcDo *)(void *)(m->ram + TW_MPC_OPS) = (TwMpcDo){.kind = TW_MPC_RESET};
    m->n_ops = 1;
    box->stains = 0;
    reply = ask(m);
    m->n_ops = 0;
    m->vectors = true;
    if (reply != TW_REPLY_DONE || box->broken) {
        fail(m, reply);
    }
}
