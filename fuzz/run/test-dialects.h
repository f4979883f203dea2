/* SPDX-License-Identifier: MIT */
/*
 * For each field of TwDialect, in order, cases that are outside a dialect which
 * lacks what the field says.  A field without a row does not compile
 * (test-dialects.c).
 */
#ifndef TW_FUZZ_RUN_TEST_DIALECTS_H
#define TW_FUZZ_RUN_TEST_DIALECTS_H

#include "program/dialect.h"

/* How a dialect lacks something; what Case.bit means. */
typedef enum Kind {
    NOTHING, /* no program needs it */
    OPS,     /* operation `bit` is not in the set */
    NOT_OPS, /* is in it */
    BITS,    /* bit `bit` is not set */
    MAY,     /* the switch is off */
    MUST,    /* is on */
    MOST,    /* the number is less than `bit` */
    LEAST,   /* is more */
    BELOW,   /* is less, and not 0 */
} Kind;

typedef struct Case {
    unsigned bit;
    const char *world;  /* objects and setup */
    const char *script; /* NULL: behind the last */
} Case;

typedef struct Row {
    const char *name;
    size_t field, size;
    Kind kind;
    const Case *cases;
} Row;

#define SMALL \
    "region r0 container size 0x10000 root s0\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "mmu c0.0 space s0\n"
#define LOOSE SMALL "region r2 ram size 0x1000\n"
#define ALIAS SMALL "region r2 alias size 0x1000 of r1 in r0 at 0x1000\n"
#define ROMD SMALL "region r2 romd size 0x1000 in r0 at 0x1000\n"
#define DEVICE SMALL "region r2 mmio size 0x1000 in r0 at 0x1000"
#define IOMMU \
    SMALL "region r2 iommu size 0x1000 in r0 at 0x1000 iommu i0\n" \
          "region r3 ram size 0x1000 root s1\n"
#define MPC IOMMU "iommu i0 mpc indexes 2 select secure to s1 blocked s0\n"
#define PAGETABLE IOMMU "iommu i0 pagetable to s1 tables r1 levels 1\n"
#define NARROW(how) \
    "region r0 ram size 0x1000 root s0\n" \
    "mmu c0.0 space s0 " how "\n"
#define READ "  read c0.0 0x0 4"
#define PAIR READ "\n  read c0.0 0x4 4 paired"
#define PAR \
    "  par\n" READ \
    "\n  barrier\n  and\n  dma-read s0 0x0 4 none\n  barrier\n  end-par"
#define CODE "contents code\n" SMALL

#define CASES(...) \
    (const Case[]) \
    { \
        __VA_ARGS__, \
        { \
            0, NULL, NULL \
        } \
    }

#define OP_CASES \
    CASES( \
        {TW_OP_READ, SMALL, READ}, {TW_OP_WRITE, SMALL, "  write c0.0 0x0 4"}, \
        {TW_OP_EXEC, SMALL, "  exec c0.0 0x0 4"}, \
        {TW_OP_RMW, SMALL, "  rmw c0.0 0x0 4"}, \
        {TW_OP_DMA_READ, SMALL, "  dma-read s0 0x0 4 none"}, \
        {TW_OP_DMA_WRITE, SMALL, "  dma-write s0 0x0 4 none"}, \
        {TW_OP_PAGE, SMALL, "  page c0.0 0x0 -> 0x0 size 0x1000 rw"}, \
        {TW_OP_UNPAGE, SMALL, "  unpage c0.0 0x0 size 0x1000"}, \
        {TW_OP_FLUSH_PAGE, SMALL, "  flush-page c0.0 0x0"}, \
        {TW_OP_FLUSH_RANGE, SMALL, "  flush-range c0.0 0x0 0x1000 bits 64"}, \
        {TW_OP_FLUSH_INDEX, SMALL, "  flush-index c0.0"}, \
        {TW_OP_FLUSH_ALL, SMALL, "  flush-all c0"}, \
        {TW_OP_SAFEPOINT, SMALL, "  safepoint c0"}, \
        {TW_OP_CLOCK, SMALL, "  clock 1"}, \
        {TW_OP_MAP, IOMMU, "  map i0.0 0x0..0xfff -> s1 0x0 rw silent"}, \
        {TW_OP_UNMAP, IOMMU, "  unmap i0.0 0x0..0xfff silent"}, \
        {TW_OP_PROTECT, IOMMU, "  protect i0.0 0x0..0xfff r silent"}, \
        {TW_OP_NOTIFY, IOMMU, "  notify i0.0 unmap 0x0..0xfff"}, \
        {TW_OP_NOTIFY_ALL, IOMMU, "  notify-all i0"}, \
        {TW_OP_IOMMU_RESET, IOMMU, "  iommu-reset i0"}, \
        {TW_OP_BYPASS, IOMMU, "  bypass i0 off"}, \
        {TW_OP_IOMMU_DESTROY, IOMMU, "  iommu-destroy i0"}, \
        {TW_OP_MPC_READ, MPC, "  mpc-read i0 0x0 4 none"}, \
        {TW_OP_MPC_WRITE, MPC, "  mpc-write i0 0x0 4 = 0x0 none"}, \
        {TW_OP_POKE, SMALL, "  poke r1 0x0 = 0x1"}, \
        {TW_OP_CONTEXT, PAGETABLE, "  context i0 1 tables -> 0x0 domain 1"}, \
        {TW_OP_INVALIDATE, PAGETABLE, "  invalidate i0 global 0 0x0..0xfff"}, \
        {TW_OP_BEGIN, SMALL, "  begin"}, {TW_OP_COMMIT, SMALL, "  commit"}, \
        {TW_OP_ADD, LOOSE, "  add r2 in r0 at 0x1000 prio 0"}, \
        {TW_OP_DEL, SMALL, "  del r1"}, \
        {TW_OP_MOVE, SMALL, "  move r1 at 0x1000"}, \
        {TW_OP_RESIZE, SMALL, "  resize r1 0x1000"}, \
        {TW_OP_ENABLE, SMALL, "  enable r1 off"}, \
        {TW_OP_PRIORITY, SMALL, "  priority r1 prio 1"}, \
        {TW_OP_READONLY, SMALL, "  readonly r1 on"}, \
        {TW_OP_NONVOLATILE, SMALL, "  nonvolatile r1 on"}, \
        {TW_OP_UNMERGEABLE, SMALL, "  unmergeable r1 on"}, \
        {TW_OP_ROMD, ROMD, "  romd r2 off"}, \
        {TW_OP_ALIAS_OFFSET, ALIAS, "  alias-offset r2 at 0x0"}, \
        {TW_OP_SPACE_NEW, SMALL, "  space-new s0"}, \
        {TW_OP_SPACE_DEL, SMALL, "  space-del s0"}, \
        {TW_OP_UNPLUG, SMALL, "  unplug c0"}, \
        {TW_OP_OBSERVE, IOMMU, "  observe o0 of i0.0 unmap 0x0..0xfff"}, \
        {TW_OP_UNOBSERVE, SMALL, "  unobserve o0"}, \
        {TW_OP_REPLAY, SMALL, "  replay o0"}, \
        {TW_OP_VETO, IOMMU, "  veto i0 on"}, \
        {TW_OP_LISTEN, SMALL, "  listen o0 of s0"}, \
        {TW_OP_UNLISTEN, SMALL, "  unlisten o0"}, \
        {TW_OP_DIRTY_LOG, SMALL, "  dirty-log r1 on"}, \
        {TW_OP_DIRTY_CLEAR, SMALL, "  dirty-clear r1 0x0..0xfff"}, \
        {TW_OP_SNAPSHOT, SMALL, "  snapshot"}, \
        {TW_OP_RESTORE, SMALL, "  restore"}, \
        {TW_OP_DMA_MAP, SMALL, "  dma-map m0 of s0 0x0 0x1000 r none"}, \
        {TW_OP_DMA_UNMAP, SMALL, "  dma-unmap m0"}, {TW_OP_PAR, SMALL, PAR}, \
        {TW_OP_AND, SMALL, PAR}, {TW_OP_BARRIER, SMALL, PAR}, \
        {TW_OP_END_PAR, SMALL, PAR}, \
        {TW_OP_FAIL_ALLOC, SMALL, "  fail-alloc 1"})

/* X(field, kind, cases) */
#define TEST_DIALECT_ROWS(X) \
    X(ops, OPS, OP_CASES) \
    X(setup_only, NOT_OPS, \
      CASES({TW_OP_PAGE, SMALL, "  page c0.0 0x0 -> 0x0 size 0x1000 rw"}, \
            {TW_OP_MAP, IOMMU, "  map i0.0 0x0..0xfff -> s1 0x0 rw silent"})) \
    X(region_kinds, BITS, \
      CASES({TW_REGION_RAM, SMALL, READ}, \
            {TW_REGION_ROM, "region r0 rom size 0x1000 root s0\n", ""}, \
            {TW_REGION_ROMD, "region r0 romd size 0x1000 root s0\n", ""}, \
            {TW_REGION_MMIO, "region r0 mmio size 0x1000 root s0\n", ""}, \
            {TW_REGION_ALIAS, ALIAS, READ}, {TW_REGION_IOMMU, IOMMU, READ}, \
            {TW_REGION_RESERVATION, \
             "region r0 reservation size 0x1000 root s0\n", ""}, \
            {TW_REGION_RAM_DEVICE, \
             "region r0 ram-device size 0x1000 root s0\n", ""})) \
    X(iommu_kinds, BITS, \
      CASES({TW_IOMMU_TABLE, IOMMU, READ}, {TW_IOMMU_MPC, MPC, READ}, \
            {TW_IOMMU_PAGETABLE, PAGETABLE, READ})) \
    X(selects, BITS, \
      CASES({TW_SELECT_SECURE, IOMMU "iommu i0 table select secure\n", READ}, \
            {TW_SELECT_USER, IOMMU "iommu i0 table select user\n", READ}, \
            {TW_SELECT_SECURE_USER, \
             IOMMU "iommu i0 table select secure-user\n", READ}, \
            {TW_SELECT_REQUESTER, IOMMU "iommu i0 table select requester\n", \
             READ})) \
    X(op_flags, BITS, \
      CASES({0, SMALL, READ "\n  during flush-all c0"}, \
            {1, IOMMU, "  unmap i0.0 0x0..0xfff notified"}, \
            {2, SMALL, "  enable r1 on"}, \
            {3, SMALL, "  read c0.0 0x0 4 from 0x100"}, \
            {4, SMALL, "  dma-read s0 0x0 4 none via m0"}, \
            {5, SMALL, "  rmw c0.0 0x0 4 exclusive"}, {6, SMALL, PAIR})) \
    X(actors, MAY, CASES({0, DEVICE "\nactor r2 0x0 flush-all c0\n", READ})) \
    X(started, MAY, \
      CASES({0, DEVICE "\nactor r2 0x0 dma-read s0 0x0 4 none\n", READ}, \
            {0, DEVICE "\nactor r2 0x0 dma-write s0 0x0 4 none\n", READ})) \
    X(explicit_safepoints, MAY, \
      CASES({0, "safepoints explicit\n" SMALL, READ})) \
    X(shared_blocks, MAY, \
      CASES({0, SMALL "region r2 ram size 0x1000 block r1\n", READ})) \
    X(late_spaces, MAY, CASES({0, SMALL "space s1 root r0 late\n", READ})) \
    X(during_dma, MAY, \
      CASES({0, SMALL, READ "\n  during dma-read s0 0x0 4 none"}, \
            {0, SMALL, READ "\n  during dma-write s0 0x0 4 none"})) \
    X(locations, NOTHING, CASES({0, NULL, NULL})) \
    X(reasons, NOTHING, CASES({0, NULL, NULL})) \
    X(identity_pages, MUST, \
      CASES({0, SMALL "setup\n  page c0.0 0x0 -> 0x1000 size 0x1000 rw\n", \
             READ})) \
    X(whole_pages, MUST, \
      CASES({0, SMALL "setup\n  page c0.0 0x0 -> 0x0 size 0x800 rw\n", READ}, \
            {0, SMALL, "  unpage c0.0 0x0 size 0x800"})) \
    X(plain_devices, MUST, \
      CASES({0, DEVICE " valid 1..4\n", READ}, \
            {0, DEVICE " reject 0x0..0x7\n", READ}, \
            {0, DEVICE " error 0x0..0x7\n", READ})) \
    X(implemented_sizes, MAY, \
      CASES({0, DEVICE " implements 4..0\n", READ}, \
            {0, DEVICE " implements 0..4\n", READ}, \
            {0, DEVICE " unaligned\n", READ})) \
    X(full_ram, MUST, CASES({0, SMALL, READ})) \
    X(plain_accesses, MUST, \
      CASES({0, SMALL, "  read c0.0 0x0 3"}, {0, SMALL, "  rmw c0.0 0x2 4"})) \
    X(wide_rmw, MUST, CASES({0, SMALL, "  rmw c0.0 0x2 2"})) \
    X(widths, MAY, \
      CASES({0, NARROW("width 32"), READ}, {0, NARROW("wraps"), READ})) \
    X(iotlbs, MAY, CASES({0, IOMMU "iommu i0 table iotlb\n", READ})) \
    X(nested_tables, MAY, \
      CASES({0, \
             IOMMU \
             "iommu i0 pagetable to s0 format abstract levels 1 nested\n", \
             READ})) \
    X(updates_ad, MAY, \
      CASES({0, \
             IOMMU "region r5 ram size 0x10000\n" \
                   "iommu i0 pagetable to s0 format abstract tables r5 " \
                   "levels 1 updates-ad\n", \
             READ})) \
    X(table_bases, MAY, \
      CASES({0, \
             IOMMU \
             "iommu i0 pagetable to s1 tables r1 base 0x1000 levels 1\n", \
             READ})) \
    X(output_widths, MAY, \
      CASES({0, \
             IOMMU \
             "iommu i0 pagetable to s1 tables r1 levels 1 output-width 40\n", \
             READ})) \
    X(mpc_registers, MAY, \
      CASES({0, MPC "region r4 mmio size 0x1000 registers i0\n", READ})) \
    X(aligned_rmw, MUST, \
      CASES({0, SMALL, "  rmw c0.0 0x4 8"}, {0, SMALL, "  rmw c0.0 0x1 2"})) \
    X(exclusives_of_ram, MUST, \
      CASES({0, DEVICE "\n", "  rmw c0.0 0x0 4 exclusive"})) \
    X(pairs_of_ram, MUST, \
      CASES({0, DEVICE "\n", PAIR}, \
            {0, SMALL, PAIR "\n  during flush-all c0"})) \
    X(exec_needs_code, MUST, CASES({0, SMALL, "  exec c0.0 0x0 8"})) \
    X(contents, BITS, \
      CASES({TW_CONTENTS_CODE, CODE, "  exec c0.0 0x40 8"}, \
            {TW_CONTENTS_CODE, CODE, READ}, \
            {TW_CONTENTS_CODE_X86_64, "contents code-x86-64\n" SMALL, READ}, \
            {TW_CONTENTS_CODE_RISCV64, "contents code-riscv64\n" SMALL, READ}, \
            {TW_CONTENTS_RUNS, "contents runs\n" SMALL, READ}, \
            {TW_CONTENTS_RUNS_X86_64, "contents runs-x86-64\n" SMALL, READ}, \
            {TW_CONTENTS_RUNS_RISCV64, "contents runs-riscv64\n" SMALL, READ}, \
            {TW_CONTENTS_INERT, "contents inert\n" SMALL, READ}, \
            {TW_CONTENTS_DATA, SMALL, READ})) \
    X(address_lg, BELOW, \
      CASES( \
          {25, SMALL, "  read c0.0 0x1000000 4"}, \
          {25, SMALL, "  unpage c0.0 0x1000000 size 0x1000"}, \
          {25, SMALL, "  flush-page c0.0 0x1000000"}, \
          {25, SMALL, "  flush-range c0.0 0x0 0x1000001 bits 64"}, \
          {25, LOOSE, "  add r2 in r0 at 0x1000000 prio 0"}, \
          {25, SMALL "region r2 ram size 0x1000 in r0 at 0x1000000\n", READ}, \
          {25, SMALL "region r2 ram size 0x1001000\n", READ})) \
    X(physical_lg, BELOW, \
      CASES( \
          {25, SMALL "setup\n  page c0.0 0x0 -> 0x1000000 size 0x1000 rw\n", \
           READ}, \
          {25, SMALL "region r2 ram size 0x1000 in r0 at 0x1000000\n", READ})) \
    X(page_rights, BITS, \
      CASES({2, SMALL "setup\n  page c0.0 0x0 -> 0x0 size 0x1000 w\n", READ})) \
    X(page_lgs, BITS, \
      CASES({14, SMALL, "  unpage c0.0 0x0 size 0x4000"}, \
            {31, SMALL "setup\n  page c0.0 0x0 -> 0x0 size 2^40 r\n", READ})) \
    X(region_lg, LEAST, \
      CASES({11, SMALL "region r2 ram size 0x800\n", READ}, \
            {11, SMALL "region r2 ram size 0x1000 in r0 at 0x800\n", READ}, \
            {11, ALIAS "region r3 alias size 0x1000 of r1 offset 0x800\n", \
             READ}, \
            {11, SMALL, "  move r1 at 0x800"}, \
            {11, SMALL, "  resize r1 0x800"})) \
    X(min_page_lg, LEAST, CASES({6, "page 64\n" SMALL, READ})) \
    X(max_page_lg, MOST, CASES({16, "page 65536\n" SMALL, READ})) \
    X(min_granule_lg, LEAST, \
      CASES({4, IOMMU "iommu i0 table granule 16\n", READ})) \
    X(max_granule_lg, MOST, \
      CASES({12, IOMMU "iommu i0 table granule 4096\n", READ})) \
    X(max_regions, MOST, CASES({2, SMALL, READ})) \
    X(max_spaces, MOST, CASES({2, SMALL "space s1 root r0\n", READ})) \
    X(max_iommus, MOST, CASES({1, IOMMU, READ})) \
    X(max_cpus, MOST, CASES({2, SMALL "mmu c1.0 space s0\n", READ})) \
    X(max_mmu_indexes, MOST, CASES({2, SMALL "mmu c0.1 space s0\n", READ})) \
    X(max_iommu_indexes, MOST, \
      CASES({2, IOMMU "iommu i0 table indexes 2\n", READ})) \
    X(max_tlb_lg, MOST, CASES({4, "cpu c0 tlb 16\n" SMALL, READ})) \
    X(max_victims, MOST, CASES({1, "cpu c0 victims 1\n" SMALL, READ})) \
    X(max_setup, MOST, \
      CASES( \
          {1, SMALL "setup\n  page c0.0 0x0 -> 0x0 size 0x1000 rw\n", READ})) \
    X(max_script, MOST, CASES({2, SMALL, READ "\n" READ})) \
    X(path_stages, BELOW, CASES({2, SMALL, READ}, {3, SMALL, READ})) \
    X(path_formats, NOTHING, CASES({0, NULL, NULL})) \
    X(path_levels, NOTHING, CASES({0, NULL, NULL})) \
    X(path_scopes, NOTHING, CASES({0, NULL, NULL})) \
    X(path_outputs, NOTHING, CASES({0, NULL, NULL})) \
    X(dma_lg, NOTHING, CASES({0, NULL, NULL})) \
    X(dma_first, NOTHING, CASES({0, NULL, NULL})) \
    X(path_far, NOTHING, CASES({0, NULL, NULL})) \
    X(dma_wide, NOTHING, CASES({0, NULL, NULL})) \
    X(last_bytes, NOTHING, CASES({0, NULL, NULL})) \
    X(path_shared, NOTHING, CASES({0, NULL, NULL})) \
    X(dma_area_lg, NOTHING, CASES({0, NULL, NULL})) \
    X(dma_area_at, NOTHING, CASES({0, NULL, NULL})) \
    X(dma_area_step, NOTHING, CASES({0, NULL, NULL})) \
    X(entry_bits, NOTHING, CASES({0, NULL, NULL})) \
    X(entry_ones, NOTHING, CASES({0, NULL, NULL})) \
    X(mpc_board, MUST, CASES({0, SMALL, READ})) \
    X(reason_groups, NOTHING, CASES({0, NULL, NULL})) \
    X(reason_coarse, NOTHING, CASES({0, NULL, NULL})) \
    X(reason_lg, NOTHING, CASES({0, NULL, NULL}))

#define ROW(member, kind, cases) \
    {#member, offsetof(TwDialect, member), \
     sizeof(((TwDialect *)NULL)->member), kind, cases},

static const Row rows[] = {TEST_DIALECT_ROWS(ROW)};
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

#endif
