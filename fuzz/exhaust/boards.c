/* SPDX-License-Identifier: MIT */
/* The boards of `exhaust`: a topology each, and as its script the letters of
 * which programs are made.  EXHAUST.md says what each is for. */
#include "fuzz/exhaust/exhaust.h"

#define PAIR_BEHIND_I0 \
    "region r0 container size 0x10000 root s0\n" \
    "region r1 iommu size 0x2000 in r0 at 0x0 iommu i0\n" \
    "region r2 container size 0x10000 root s1\n" \
    "region r3 ram size 0x1000 in r2 at 0x0\n" \
    "region r4 ram size 0x1000 in r2 at 0x1000\n"

const TwExhaustBoard tw_exhaust_boards[] = {
    {"flat", "page map, flushes, and a region that comes and goes",
     "twinwalk 1\n"
     "region r0 container size 0x10000 root s0\n"
     "region r1 ram size 0x1000 in r0 at 0x0\n"
     "region r2 ram size 0x1000 in r0 at 0x1000\n"
     "region r3 ram size 0x1000 in r0 at 0x0 prio 1 disabled\n"
     "mmu c0.0 space s0\n"
     "setup\n"
     "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
     "  page c0.0 0x1000 -> 0x1000 size 0x1000 r\n"
     "script\n"
     "  read c0.0 0x0 1\n"
     "  write c0.0 0x0 1\n"
     "  read c0.0 0x1000 1\n"
     "  page c0.0 0x0 -> 0x1000 size 0x1000 rw\n"
     "  page c0.0 0x0 -> 0x0 size 0x2000 rw\n"
     "  page c0.0 0x0 -> 0x0 size 0x1000 r\n"
     "  unpage c0.0 0x0 size 0x1000\n"
     "  flush-page c0.0 0x0\n"
     "  flush-page c0.0 0x1000\n"
     "  flush-all c0\n"
     "  enable r3 on\n"
     "  enable r3 off\n",
     false},
    {"one", "one IOMMU: silent and notified changes, rights, reset, bypass",
     "twinwalk 1\n" PAIR_BEHIND_I0 "iommu i0 table to s1\n"
     "mmu c0.0 space s0\n"
     "setup\n"
     "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
     "  page c0.0 0x1000 -> 0x1000 size 0x1000 rw\n"
     "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n"
     "script\n"
     "  read c0.0 0x0 1\n"
     "  write c0.0 0x0 1\n"
     "  map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
     "  map i0.0 0x0..0xfff -> s1 0x0 rw notified\n"
     "  map i0.0 0x1000..0x1fff -> s1 0x1000 r notified\n"
     "  unmap i0.0 0x0..0xfff silent\n"
     "  protect i0.0 0x0..0xfff r silent\n"
     "  notify i0.0 unmap 0x0..0xfff\n"
     "  iommu-reset i0\n"
     "  bypass i0 on\n"
     "  flush-page c0.0 0x0\n"
     "  enable r4 off\n",
     false},
    {"two", "two IOMMUs, one behind the other",
     "twinwalk 1\n"
     "region r0 container size 0x10000 root s0\n"
     "region r1 iommu size 0x2000 in r0 at 0x0 iommu i0\n"
     "region r2 container size 0x10000 root s1\n"
     "region r3 iommu size 0x2000 in r2 at 0x0 iommu i1\n"
     "region r4 container size 0x10000 root s2\n"
     "region r5 ram size 0x1000 in r4 at 0x0\n"
     "region r6 ram size 0x1000 in r4 at 0x1000\n"
     "mmu c0.0 space s0\n"
     "setup\n"
     "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
     "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n"
     "  map i1.0 0x0..0xfff -> s2 0x0 rw silent\n"
     "  map i1.0 0x1000..0x1fff -> s2 0x1000 r silent\n"
     "script\n"
     "  read c0.0 0x0 1\n"
     "  write c0.0 0x0 1\n"
     "  map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
     "  map i0.0 0x0..0xfff -> s1 0x0 rw notified\n"
     "  map i1.0 0x0..0xfff -> s2 0x1000 rw silent\n"
     "  unmap i1.0 0x0..0xfff notified\n"
     "  map i1.0 0x0..0xfff -> s2 0x0 r silent\n"
     "  notify i0.0 unmap 0x0..0xfff\n"
     "  notify i1.0 unmap 0x0..0xfff\n"
     "  notify i1.0 unmap 0x1000..0x1fff\n"
     "  flush-all c0\n",
     false},
    {"cpus", "two CPUs, work that waits for safe points, who acts",
     "twinwalk 1\n"
     "safepoints explicit\n" PAIR_BEHIND_I0 "mmu c0.0 space s0\n"
     "mmu c1.0 space s0\n"
     "setup\n"
     "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
     "  page c1.0 0x0 -> 0x0 size 0x1000 rw\n"
     "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n"
     "script\n"
     "  read c0.0 0x0 1\n"
     "  read c1.0 0x0 1\n"
     "  map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
     "  map i0.0 0x0..0xfff -> s1 0x0 rw notified\n"
     "  c0: unmap i0.0 0x0..0xfff notified\n"
     "  c1: unmap i0.0 0x0..0xfff notified\n"
     "  notify i0.0 unmap 0x0..0xfff\n"
     "  flush-all all\n"
     "  enable r3 off\n"
     "  safepoint c0\n"
     "  safepoint c1\n",
     .symmetric = true},
    {"split", "a page of two halves behind an IOMMU: kept ways, open ends",
     "twinwalk 1\n"
     "region r0 container size 0x10000 root s0\n"
     "region r1 iommu size 0x2000 in r0 at 0x0 iommu i0\n"
     "region r2 container size 0x10000 root s1\n"
     "region r3 ram size 0x1000 in r2 at 0x0\n"
     "region r4 ram size 0x800 in r2 at 0x1000\n"
     "region r5 ram size 0x800 in r2 at 0x1800\n"
     "region r6 ram size 0x800 in r2 at 0x0 prio 1 disabled\n"
     "mmu c0.0 space s0\n"
     "setup\n"
     "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
     "  map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
     "script\n"
     "  read c0.0 0x0 1\n"
     "  read c0.0 0x800 1\n"
     "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n"
     "  map i0.0 0x0..0xfff -> s1 0x1000 rw notified\n"
     "  notify i0.0 unmap 0x0..0xfff\n"
     "  enable r6 on\n"
     "  enable r6 off\n"
     "  enable r4 off\n"
     "  flush-all c0\n",
     false},
    {NULL, NULL, NULL, false},
};
