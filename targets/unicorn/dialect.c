/* SPDX-License-Identifier: MIT */
/* See dialect.h. */
#include "targets/unicorn/dialect.h"

#include "targets/unicorn/flat.h"

TwDialect tw_uc_dialect(uint32_t code, bool vtlb, unsigned page_lg)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,        TW_OP_READ,         TW_OP_WRITE,
        TW_OP_EXEC,       TW_OP_PAGE,         TW_OP_UNPAGE,
        TW_OP_FLUSH_PAGE, TW_OP_FLUSH_RANGE,  TW_OP_FLUSH_INDEX,
        TW_OP_FLUSH_ALL,  TW_OP_SAFEPOINT,    TW_OP_BEGIN,
        TW_OP_COMMIT,     TW_OP_ADD,          TW_OP_DEL,
        TW_OP_MOVE,       TW_OP_RESIZE,       TW_OP_ENABLE,
        TW_OP_PRIORITY,   TW_OP_ALIAS_OFFSET, TW_OP_DMA_READ,
        TW_OP_DMA_WRITE,  TW_OP_RMW,
    };
    TwDialect dialect = tw_dialect_full();
    unsigned mapped_lg = vtlb ? MAX_PAGE_LG : page_lg;
    /* Words that access stand at the ends of 4 KiB of a block (LA-46), which
     * smaller pages need not show there. */
    bool words = !vtlb && page_lg == MAX_PAGE_LG;

    dialect.ops = tw_ops_of(codes, sizeof(codes));
    dialect.contents = 1u << TW_CONTENTS_DATA | (words ? code : 0);
    if (!words) {
        tw_ops_remove(&dialect.ops, TW_OP_EXEC);
    }
    if (vtlb) { /* its page map is another's */
        tw_ops_remove(&dialect.ops, TW_OP_RMW);
        tw_ops_remove(&dialect.ops, TW_OP_DMA_READ);
        tw_ops_remove(&dialect.ops, TW_OP_DMA_WRITE);
    }
    dialect.region_kinds = 1u << TW_REGION_CONTAINER | 1u << TW_REGION_RAM |
                           1u << TW_REGION_MMIO | 1u << TW_REGION_ALIAS;
    dialect.iommu_kinds = 0;
    dialect.op_flags = TW_OPF_ON | (words ? TW_OPF_FROM : 0) |
                       (vtlb ? 0 : TW_OPF_DURING | TW_OPF_EXCLUSIVE);
    dialect.explicit_safepoints = false;
    dialect.late_spaces = false;
    dialect.during_dma = !vtlb;
    dialect.started = false;
    dialect.locations = false;
    dialect.identity_pages = !vtlb;
    dialect.whole_pages = true;
    dialect.plain_devices = true;
    dialect.implemented_sizes = false;
    dialect.widths = false;
    dialect.iotlbs = false;
    dialect.mpc_registers = false;
    dialect.exec_needs_code = true;
    dialect.aligned_rmw = true;
    dialect.exclusives_of_ram = true;
    dialect.pairs_of_ram = true;
    dialect.address_lg = (uint8_t)(PAGES_LG + mapped_lg);
    dialect.region_lg = (uint8_t)mapped_lg;
    dialect.min_page_lg = dialect.max_page_lg = (uint8_t)page_lg;
    dialect.max_spaces = 1;
    dialect.max_iommus = 0;
    dialect.max_cpus = 1;
    dialect.max_mmu_indexes = 1;
    return dialect;
}

TwDialect tw_uc_snapshot_dialect(unsigned page_lg)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,         TW_OP_READ,        TW_OP_WRITE,     TW_OP_RMW,
        TW_OP_DMA_READ,    TW_OP_DMA_WRITE,   TW_OP_PAGE,      TW_OP_FLUSH_PAGE,
        TW_OP_FLUSH_RANGE, TW_OP_FLUSH_INDEX, TW_OP_FLUSH_ALL, TW_OP_SAFEPOINT,
        TW_OP_SNAPSHOT,    TW_OP_RESTORE,
    };
    TwDialect dialect = tw_uc_dialect(0, false, page_lg);

    dialect.ops = tw_ops_of(codes, sizeof(codes));
    tw_ops_add(&dialect.setup_only, TW_OP_PAGE);
    dialect.region_kinds &= ~(1u << TW_REGION_ALIAS);
    dialect.op_flags &= (uint8_t) ~(TW_OPF_ON | TW_OPF_FROM);
    dialect.shared_blocks = false;
    dialect.actors = false;
    return dialect;
}

bool tw_uc_admits(const TwProgram *program)
{
    TwDialect widest =
        tw_uc_dialect(tw_dialect_full().contents, false, program->page_lg);

    widest.op_flags |= TW_OPF_PAIRED;

    tw_ops_add(&widest.ops, TW_OP_SNAPSHOT);
    tw_ops_add(&widest.ops, TW_OP_RESTORE);
    return (program->page_lg == MIN_PAGE_LG ||
            program->page_lg == MAX_PAGE_LG) &&
           tw_dialect_admits(&widest, program, NULL, 0);
}
