/* SPDX-License-Identifier: MIT */
/*
 * The agent on AArch64: EL1, stage 1 with 4 KiB granules, 39 bits in each
 * half.  Registers and instructions are as the Arm Architecture Reference
 * Manual for A-profile architecture (DDI 0487) describes them.
 */
#include "targets/qemu/agent/agent.h"

extern char agent_vectors[];

#define WRITE(reg, value) \
    __asm__ volatile("msr " reg ", %0" ::"r"((uint64_t)(value)) : "memory")
#define TLBI(what, value) \
    __asm__ volatile("tlbi " what ", %0" ::"r"((uint64_t)(value)) : "memory")

/* The virt board. */
enum { UART = 0x09000000, GICD = 0x08000000, GICC = 0x08010000 };

static volatile uint32_t *device(uintptr_t at)
{
    return (volatile uint32_t *)at;
}

/* Receiving a byte shall end a wfi: the interrupt of the serial port (number
 * 33) is enabled, and stays masked by PSTATE. */
static void start_interrupts(void)
{
    *device(UART + 0x30) = 0x301;    /* UARTCR: enable, receive, transmit */
    *device(UART + 0x38) = 0x50;     /* UARTIMSC: received, timeout */
    *device(GICD + 0x104) = 1u << 1; /* GICD_ISENABLER1 */
    *device(GICD + 0x820) |= 0x0100; /* GICD_ITARGETSR8: CPU 0 */
    *device(GICD) = 1;
    *device(GICC + 4) = 0xff; /* GICC_PMR */
    *device(GICC) = 1;
}

void agent_start(const TwMailbox *mailbox)
{
    /* TCR_EL1: T0SZ = T1SZ = 25, write-back inner-shareable walks,
     * 4 KiB granules (TG0 = 0, TG1 = 2), IPS of 40 bits. */
    uint64_t half = 25 | 1 << 8 | 1 << 10 | 3 << 12;
    uint64_t tcr = half | (half | 2u << 14) << 16 | UINT64_C(2) << 32;

    WRITE("vbar_el1", agent_vectors);
    WRITE("mair_el1", 0xff); /* 0: normal, write-back; 1: device */
    WRITE("tcr_el1", tcr);
    WRITE("ttbr0_el1", mailbox->roots[0]);
    WRITE("ttbr1_el1", mailbox->roots[1]);
    __asm__ volatile("msr spsel, #1\n\tdsb sy\n\tisb\n\ttlbi vmalle1\n\tdsb "
                     "sy\n\tisb" ::
                         : "memory");
    /* SCTLR_EL1: M, C, I; SPAN (PAN stays as it is), reserved ones. */
    WRITE("sctlr_el1", 0x30d00985u | 1u << 23 | 1u | 1u << 2 | 1u << 12);
    __asm__ volatile("isb" ::: "memory");
    start_interrupts();
}

void agent_settle(void)
{
    __asm__ volatile("dsb ish\n\tisb" ::: "memory");
}

/* What was fetched may be older than what was stored until the instruction
 * cache is told ("Concurrent modification and execution of instructions"). */
static void drop_code(void)
{
    __asm__ volatile("dsb ish\n\tic iallu" ::: "memory");
}

void agent_flush_page(uint64_t addr)
{
    drop_code();
    TLBI("vae1", addr >> 12 & 0xfffffffffff);
}

/* TLBI RVAE1: one instruction covers (NUM + 1) * 2^(5 * SCALE + 1) pages from
 * BaseADDR on. */
void agent_flush_range(uint64_t addr, uint64_t pages)
{
    drop_code();
    if (pages & 1) {
        TLBI("vae1", addr >> 12 & 0xfffffffffff);
        addr += 4096;
    }
    for (unsigned scale = 0; scale < 4; scale++) {
        unsigned shift = 5 * scale + 1;
        uint64_t n = pages >> shift & 31;

        if (n > 0) {
            uint64_t range = (addr >> 12 & 0x1fffffffff) | (n - 1) << 39 |
                             (uint64_t)scale << 44 | UINT64_C(1) << 46;

            __asm__ volatile("sys #0, c8, c6, #1, %0" ::"r"(range)
                             : "memory"); /* tlbi rvae1 */
            addr += n << shift << 12;
        }
    }
}

/* Both halves have ASID 0. */
void agent_flush_index(unsigned index)
{
    (void)index;
    drop_code();
    TLBI("aside1", 0);
}

void agent_flush_all(void)
{
    drop_code();
    __asm__ volatile("tlbi vmalle1" ::: "memory");
    agent_settle();
}

_Bool agent_take_byte(void)
{
    if (*device(UART + 0x18) & 1u << 4) { /* UARTFR: nothing has come */
        __asm__ volatile("wfi" ::: "memory");
        return 0;
    }
    (void)*device(UART);
    return 1;
}

void agent_put_char(char c)
{
    *device(UART) = (unsigned char)c;
}
