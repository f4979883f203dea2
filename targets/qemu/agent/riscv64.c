/* SPDX-License-Identifier: MIT */
/*
 * The agent on RISC-V: S-mode, Sv39.  Chapters are those of the RISC-V
 * Instruction Set Manual, volume II, Privileged Architecture.
 */
#include "targets/qemu/agent/agent.h"

/* The virt board. */
enum { UART = 0x10000000, UART_INTERRUPT = 10, PLIC = 0x0c000000 };

static volatile uint32_t *plic(uintptr_t offset)
{
    return (volatile uint32_t *)(PLIC + offset);
}

static volatile uint8_t *uart(unsigned offset)
{
    return (volatile uint8_t *)(uintptr_t)(UART + offset);
}

/* Receiving a byte shall end a wfi: the interrupt is enabled for context 1 (S
 * of hart 0) and in sie, and stays masked by sstatus.SIE. */
static void start_interrupts(void)
{
    *plic(4 * UART_INTERRUPT) = 1;        /* priority */
    *plic(0x2080) = 1u << UART_INTERRUPT; /* enabled */
    *plic(0x201000) = 0;                  /* threshold */
    *uart(1) = 1;                         /* IER: received */
    __asm__ volatile("csrs sie, %0" ::"r"(1 << 9));
}

void agent_start(const TwMailbox *mailbox)
{
    /* satp: mode Sv39, ASID 0. */
    uint64_t satp = UINT64_C(8) << 60 | mailbox->roots[0] >> 12;

    __asm__ volatile("csrw satp, %0\n\tsfence.vma" ::"r"(satp) : "memory");
    start_interrupts();
}

void agent_settle(void)
{
    __asm__ volatile("fence" ::: "memory");
}

/* Chapter "Supervisor Memory-Management Fence Instruction"; and fence.i, since
 * a fetch may miss stores until then. */
void agent_flush_page(uint64_t addr)
{
    __asm__ volatile("fence.i\n\tsfence.vma %0, zero" ::"r"(addr) : "memory");
}

void agent_flush_all(void)
{
    __asm__ volatile("fence.i\n\tsfence.vma" ::: "memory");
}

/* There is no instruction for ranges; and QEMU drops all at any sfence.vma, so
 * one for each page would find no more. */
void agent_flush_range(uint64_t addr, uint64_t pages)
{
    (void)addr, (void)pages;
    agent_flush_all();
}

void agent_flush_index(unsigned index)
{
    (void)index; /* both halves */
    __asm__ volatile("fence.i\n\tsfence.vma zero, %0" ::"r"(0L) : "memory");
}

_Bool agent_take_byte(void)
{
    if (*uart(5) & 1) { /* LSR: a byte has come */
        (void)*uart(0);
        return 1;
    }
    __asm__ volatile("wfi" ::: "memory");
    return 0;
}

void agent_put_char(char c)
{
    *uart(0) = (uint8_t)c;
}
