/* SPDX-License-Identifier: MIT */
/* See dialect.h. */
#include "targets/qemu/dialect.h"

/* `arch` may be NULL: what one of them can express. */
TwDialect tw_qemu_dialect(const Arch *arch)
{
    static const uint8_t codes[] = {
        TW_OP_NOP,         TW_OP_READ,        TW_OP_WRITE,     TW_OP_EXEC,
        TW_OP_RMW,         TW_OP_PAGE,        TW_OP_UNPAGE,    TW_OP_FLUSH_PAGE,
        TW_OP_FLUSH_RANGE, TW_OP_FLUSH_INDEX, TW_OP_FLUSH_ALL, TW_OP_SAFEPOINT,
    };
    TwDialect d = tw_dialect_full();

    d.ops = tw_ops_of(codes, sizeof(codes));
    d.region_kinds = 1u << TW_REGION_CONTAINER | 1u << TW_REGION_RAM;
    d.iommu_kinds = 0;
    d.selects = 0;
    d.op_flags = TW_OPF_FROM;
    d.actors = false;
    d.explicit_safepoints = false;
    d.shared_blocks = false;
    d.late_spaces = false;
    d.during_dma = false;
    d.started = false;
    d.locations = false;
    d.whole_pages = true;
    d.plain_devices = true;
    d.implemented_sizes = false;
    d.widths = false;
    d.iotlbs = false;
    d.mpc_registers = false;
    d.exec_needs_code = true;
    d.wide_rmw = arch && arch->wide_exchange;
    d.full_ram = arch && arch->no_holes;
    d.plain_accesses = true;
    if (arch) {
        d.contents = 1u << TW_CONTENTS_DATA | 1u << arch->words |
                     1u << tw_contents_runs(arch->words);
    }
    d.page_lgs = 1u << 12 | 1u << 21 | 1u << 30;
    d.page_rights = arch ? arch->page_rights : 0xff;
    d.address_lg = TW_QEMU_VIRTUAL_LG;
    d.physical_lg = TW_QEMU_RAM_LG;
    d.region_lg = TW_QEMU_PAGE_LG;
    d.min_page_lg = d.max_page_lg = TW_QEMU_PAGE_LG;
    d.max_spaces = 1;
    d.max_iommus = 0;
    d.max_cpus = 1;
    d.max_mmu_indexes = 2;
    return d;
}

bool tw_qemu_admits(const TwProgram *program)
{
    TwDialect widest = tw_qemu_dialect(NULL);

    return tw_dialect_admits(&widest, program, NULL, 0);
}
