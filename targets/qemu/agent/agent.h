/* SPDX-License-Identifier: MIT */
/*
 * The agent: a program that runs alone in the guest and performs what it finds
 * in the mailbox.  What differs between architectures is declared here and
 * written in ARCH.S and ARCH.c.  There is no C library.
 */
#ifndef TW_TARGETS_QEMU_AGENT_H
#define TW_TARGETS_QEMU_AGENT_H

#include "targets/qemu/mailbox.h"

/* Where the guest's RAM begins. */
extern char agent_ram[];

typedef uint64_t Access(uint64_t value, uint64_t addr);

/* In ARCH.S: calls `access`.  A fault in it ends it, and fills *fault; the
 * result is then what the register of the result holds.  Without a fault,
 * fault->fault is 0. */
uint64_t agent_try(uint64_t value, uint64_t addr, Access *access,
                   TwDone *fault);

/* Accesses of 1, 2, 4 and 8 bytes, in the order of TW_DO_... */
extern Access *const agent_accesses[3 * 4];

/* Page tables and interrupts as the agent needs them; called once. */
void agent_start(const TwMailbox *mailbox);
void agent_flush_page(uint64_t addr);
/* Where many pages would take long, all may be flushed instead. */
void agent_flush_range(uint64_t addr, uint64_t pages);
void agent_flush_index(unsigned index);
void agent_flush_all(void);
/* Between a change of a page table and what follows. */
void agent_settle(void);
/* Takes a byte that has come in, or sleeps until one comes, or a little less:
 * has it taken one? */
_Bool agent_take_byte(void);
void agent_put_char(char c);

/* Called by ARCH.S. */
_Noreturn void agent_main(void);
_Noreturn void agent_panic(uint64_t fault, uint64_t at, uint64_t pc);

#endif
