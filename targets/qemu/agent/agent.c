/* SPDX-License-Identifier: MIT */
/* The agent's loop, for all architectures. */
#include "targets/qemu/agent/agent.h"

enum { PAD_PAGES = 1000, PAGE = 4096 };

static TwMailbox *mailbox(void)
{
    return (TwMailbox *)(agent_ram + TW_AGENT_MAILBOX);
}

static void say_done(void)
{
    agent_put_char('d');
    agent_put_char('\n');
}

/* Loads from more pages than a small TLB has slots, then drops all: the next
 * TLB is larger. */
static void grow(uint64_t times)
{
    for (; times > 0; times--) {
        for (unsigned i = 0; i < PAD_PAGES; i++) {
            (void)*(volatile char *)(agent_ram + TW_AGENT_PAD + i * PAGE);
        }
        agent_flush_all();
    }
}

static void access(const TwDo *what)
{
    TwMailbox *box = mailbox();
    TwDone *done = (TwDone *)(agent_ram + TW_AGENT_RESULTS) + box->n_done;
    Access *how = what->kind == TW_DO_CALL
                      ? (Access *)what->from
                      : agent_accesses[what->kind * 4 + what->lg];

    done->value = agent_try(what->value, what->addr, how, done);
    box->n_done++;
}

static void perform(const TwDo *what)
{
    switch (what->kind) {
    case TW_DO_PUT:
        *(volatile uint64_t *)(agent_ram + what->addr) = what->value;
        agent_settle();
        break;
    case TW_DO_FLUSH_PAGE:
        agent_flush_page(what->addr);
        agent_settle();
        break;
    case TW_DO_FLUSH_RANGE:
        agent_flush_range(what->addr, what->value);
        agent_settle();
        break;
    case TW_DO_FLUSH_INDEX:
        agent_flush_index(what->lg);
        agent_settle();
        break;
    case TW_DO_FLUSH_ALL:
        agent_flush_all();
        agent_settle();
        break;
    case TW_DO_GROW:
        grow(what->value);
        break;
    default:
        access(what);
        break;
    }
}

_Noreturn void agent_panic(uint64_t fault, uint64_t at, uint64_t pc)
{
    TwMailbox *box = mailbox();

    box->panic = (TwDone){.fault = fault, .at = at, .pc = pc};
    box->broken = 1;
    box->done = box->go;
    say_done();
    for (;;) {
        agent_take_byte();
    }
}

_Noreturn void agent_main(void)
{
    TwMailbox *box = mailbox();
    const TwDo *ops = (const TwDo *)(agent_ram + TW_AGENT_OPS);

    agent_start(box);
    say_done(); /* ready */
    for (;;) {
        /* The byte says that the operations are there.  (Without it the answer
         * could come before the question.) */
        while (!agent_take_byte()) {
        }
        box->n_done = 0;
        for (uint32_t i = 0; i < box->n_ops; i++) {
            box->in_flight = ops[i].op;
            perform(&ops[i]);
        }
        box->done = box->go;
        say_done();
    }
}
