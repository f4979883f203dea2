/* SPDX-License-Identifier: MIT */
/*
 * The agent on x86-64: ring 0, long mode, 4 levels of page tables.  Sections
 * are named as in the Intel 64 and IA-32 Architectures Software
 * Developer's Manual, volume 3.
 */
#include "targets/qemu/agent/agent.h"

extern char agent_exceptions[], agent_interrupt[];

enum { SERIAL = 0x3f8, SERIAL_VECTOR = 0x24, MANY_PAGES = 64 };
#define APIC UINT64_C(0xfee00000)

typedef struct Gate {
    uint16_t low, selector;
    uint8_t stack, type;
    uint16_t middle;
    uint32_t high, zero;
} Gate;

static Gate gates[SERIAL_VECTOR + 1] __attribute__((aligned(4096)));

static void out(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

/* "64-Bit Mode IDT": an interrupt gate; the selector is that of the code in 64
 * bits. */
static void set_gate(unsigned vector, const char *handler)
{
    uint64_t at = (uint64_t)handler;

    gates[vector] = (Gate){.low = (uint16_t)at,
                           .selector = 24,
                           .type = 0x8e,
                           .middle = (uint16_t)(at >> 16),
                           .high = (uint32_t)(at >> 32)};
}

/* "Local Vector Table": the local APIC, switched on, passes interrupts of the
 * 8259 on. */
static void start_apic(void)
{
    volatile uint32_t *apic = (volatile uint32_t *)APIC;

    apic[0xf0 / 4] = 0x1ff;  /* spurious interrupt vector: enabled */
    apic[0x350 / 4] = 0x700; /* LVT LINT0: ExtINT */
}

/* Receiving a byte shall end a hlt: interrupt 4 of the first controller. */
static void start_interrupts(void)
{
    start_apic();
    out(0x20, 0x11); /* ICW1: edge, cascade, ICW4 */
    out(0x21, 0x20); /* ICW2: vectors from 0x20 on */
    out(0x21, 0x04); /* ICW3 */
    out(0x21, 0x01); /* ICW4: 8086 */
    out(0x21, 0xff & ~(1 << 4));
    out(0xa1, 0xff);
    out(SERIAL + 1, 0x01); /* IER: received */
    out(SERIAL + 4, 0x0b); /* MCR: DTR, RTS, OUT2, which lets interrupts out */
}

void agent_start(const TwMailbox *mailbox)
{
    struct {
        uint16_t limit;
        uint64_t at;
    } __attribute__((packed)) pointer = {sizeof(gates) - 1, (uint64_t)gates};

    (void)mailbox; /* CR3 is what the ROM has set */
    for (unsigned i = 0; i < 32; i++) {
        set_gate(i, agent_exceptions + 16 * i);
    }
    set_gate(SERIAL_VECTOR, agent_interrupt);
    __asm__ volatile("lidt %0" ::"m"(pointer));
    start_interrupts();
}

void agent_settle(void)
{
    __asm__ volatile("" ::: "memory"); /* the CPU keeps its own order */
}

/* "Operations that Invalidate TLBs and Paging-Structure Caches" */
void agent_flush_page(uint64_t addr)
{
    __asm__ volatile("invlpg (%0)" ::"r"(addr) : "memory");
}

static void load_cr3(void)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0\n\tmov %0, %%cr3" : "=r"(cr3)::"memory");
}

/* There is no instruction for ranges. */
void agent_flush_range(uint64_t addr, uint64_t pages)
{
    if (pages > MANY_PAGES) {
        load_cr3();
        return;
    }
    for (uint64_t i = 0; i < pages; i++) {
        agent_flush_page(addr + i * 4096);
    }
}

void agent_flush_index(unsigned index)
{
    (void)index; /* both halves */
    load_cr3();
}

/* A change of CR4.PGE drops global entries, too. */
void agent_flush_all(void)
{
    uint64_t cr4;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile(
        "mov %0, %%cr4\n\tmov %1, %%cr4" ::"r"(cr4 & ~UINT64_C(0x80)), "r"(cr4)
        : "memory");
}

_Bool agent_take_byte(void)
{
    if (in(SERIAL + 5) & 1) { /* LSR: a byte has come */
        (void)in(SERIAL);
        return 1;
    }
    __asm__ volatile("sti\n\thlt\n\tcli" ::: "memory");
    return 0;
}

void agent_put_char(char c)
{
    out(SERIAL, (uint8_t)c);
}
