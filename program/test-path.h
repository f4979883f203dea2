/* SPDX-License-Identifier: MIT */
/* For tests: dialects of machines with an IOMMU (program/path.h). */
#ifndef TW_PROGRAM_TEST_PATH_H
#define TW_PROGRAM_TEST_PATH_H

#include "program/dialect.h"

#define TEST_GIB (UINT64_C(1) << 30)

/* One of stages and formats: the bits that mean something in one of them. */
typedef struct TestPath {
    const char *name;
    uint8_t stages, formats[2];
    uint64_t entry_bits;
    uint8_t output; /* width, of each stage */
    uint64_t far;   /* 1 GiB where nothing is */
    bool tables;    /* the IOMMU may be a `table`; */
    bool alone;     /* it is one, and reads may be of last bytes */
    bool mappings;  /* devices store alone, via mappings of areas, */
    bool rings;     /* of 8 elements, behind a `table` */
} TestPath;

#define TEST_ARM64_BITS UINT64_C(0x70180000000007ff)
#define TEST_AMDVI_BITS UINT64_C(0x6000000000000e7f)

static const TestPath test_paths[] = {
    {"arm64", 1, {TW_FORMAT_ARM64_S1, 0}, .entry_bits = TEST_ARM64_BITS},
    {"sv39",
     1,
     {TW_FORMAT_SV39, 0},
     .entry_bits = UINT64_C(0xffc00000000003ff)},
    {"vtd-sl",
     1,
     {TW_FORMAT_VTD_SL, 0},
     .entry_bits = UINT64_C(0x3ff00000000007ff)},
    {"amdvi", 1, {TW_FORMAT_AMDVI, 0}, .entry_bits = TEST_AMDVI_BITS},
    {"arm64, arm64",
     2,
     {TW_FORMAT_ARM64_S1, TW_FORMAT_ARM64_S2},
     .entry_bits = TEST_ARM64_BITS},
    {"sv39, sv39",
     2,
     {TW_FORMAT_SV39, TW_FORMAT_SV39},
     .entry_bits = UINT64_C(0xffc00000000003ff)},
    {"vtd-sl, vtd-sl",
     2,
     {TW_FORMAT_VTD_SL, TW_FORMAT_VTD_SL},
     .entry_bits = UINT64_C(0x3ff00000000007ff)},
    {"amdvi, amdvi",
     2,
     {TW_FORMAT_AMDVI, TW_FORMAT_AMDVI},
     .entry_bits = TEST_AMDVI_BITS},
    {"vtd-sl, output width",
     1,
     {TW_FORMAT_VTD_SL, 0},
     .entry_bits = UINT64_C(0x3ff00000000007ff),
     .output = 39,
     .far = 3 * TEST_GIB},
    {"arm64 or table",
     1,
     {TW_FORMAT_ARM64_S1, 0},
     .entry_bits = TEST_ARM64_BITS,
     .tables = true},
    {"arm64, arm64 or tables",
     2,
     {TW_FORMAT_ARM64_S1, TW_FORMAT_ARM64_S2},
     .entry_bits = TEST_ARM64_BITS,
     .tables = true},
    {"vtd-sl or table",
     1,
     {TW_FORMAT_VTD_SL, 0},
     .entry_bits = UINT64_C(0x3ff00000000007ff),
     .tables = true},
    {"table", 1, {TW_FORMAT_ABSTRACT, 0}, .tables = true, .alone = true},
    {"vtd-sl or table, mappings",
     1,
     {TW_FORMAT_VTD_SL, 0},
     .entry_bits = UINT64_C(0x3ff00000000007ff),
     .tables = true,
     .mappings = true},
    {"table, rings",
     1,
     {TW_FORMAT_VTD_SL, 0},
     .tables = true,
     .mappings = true,
     .rings = true},
};

enum { N_TEST_PATHS = sizeof(test_paths) / sizeof(test_paths[0]) };

static inline TwDialect test_path_dialect(const TestPath *path)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,  TW_OP_DMA_READ, TW_OP_DMA_WRITE,
        TW_OP_POKE, TW_OP_CONTEXT,  TW_OP_INVALIDATE,
    };
    static const uint8_t of_table[] = {
        TW_OP_MAP,    TW_OP_UNMAP,      TW_OP_PROTECT,
        TW_OP_NOTIFY, TW_OP_NOTIFY_ALL, TW_OP_BYPASS,
    };
    TwDialect d = tw_dialect_full();

    d.ops = tw_ops_of(codes, sizeof(codes));
    d.region_kinds =
        1u << TW_REGION_CONTAINER | 1u << TW_REGION_RAM | 1u << TW_REGION_IOMMU;
    d.iommu_kinds = 1u << TW_IOMMU_PAGETABLE;
    d.selects = 1u << TW_SELECT_ZERO | 1u << TW_SELECT_REQUESTER;
    d.op_flags = 0;
    d.actors = d.started = d.explicit_safepoints = d.shared_blocks = false;
    d.late_spaces = d.during_dma = d.implemented_sizes = d.widths = false;
    d.updates_ad = d.mpc_registers = false;
    d.reasons = true;
    d.contents = 1u << TW_CONTENTS_INERT;
    d.min_page_lg = d.max_page_lg = 12;
    d.min_granule_lg = d.max_granule_lg = 12;
    d.max_iommu_indexes = 2;
    d.path_stages = path->stages;
    d.path_formats[0] = path->formats[0];
    d.path_formats[1] = path->formats[1];
    d.path_levels = 3;
    d.dma_lg = 22;
    d.dma_first = 2 * TEST_GIB + 0x04000000;
    d.entry_bits = path->entry_bits;
    d.path_outputs[0] = path->output;
    d.path_outputs[1] = path->stages > 1 ? path->output : 0;
    d.path_far = path->far;
    for (unsigned i = 0; i < sizeof(of_table) && path->tables; i++) {
        tw_ops_add(&d.ops, of_table[i]);
    }
    if (path->tables) {
        d.op_flags = TW_OPF_NOTIFIED | TW_OPF_ON;
        d.iommu_kinds |= 1u << TW_IOMMU_TABLE;
    }
    if (path->alone) {
        static const uint8_t others[] = {TW_OP_POKE, TW_OP_CONTEXT,
                                         TW_OP_INVALIDATE};

        for (unsigned i = 0; i < sizeof(others); i++) {
            tw_ops_remove(&d.ops, others[i]);
        }
        d.iommu_kinds = 1u << TW_IOMMU_TABLE;
        d.last_bytes = d.path_shared = true;
    }
    if (path->rings) {
        tw_ops_remove(&d.ops, TW_OP_POKE);
        tw_ops_remove(&d.ops, TW_OP_CONTEXT);
        tw_ops_remove(&d.ops, TW_OP_INVALIDATE);
        d.iommu_kinds = 1u << TW_IOMMU_TABLE;
        d.contents = 1u << TW_CONTENTS_DATA;
    }
    if (path->mappings) {
        tw_ops_remove(&d.ops, TW_OP_DMA_READ);
        tw_ops_add(&d.ops, TW_OP_DMA_MAP);
        tw_ops_add(&d.ops, TW_OP_DMA_UNMAP);
        d.op_flags |= TW_OPF_VIA;
        d.dma_area_lg = path->rings ? 6 : 8;
        d.dma_area_at = path->rings ? 4 : 0x40;
        d.dma_area_step = path->rings ? 8 : 0;
    }
    return d;
}

#endif
