/* SPDX-License-Identifier: MIT */
/* See blocked.h. */
#include "oracle/judge/blocked.h"

#include <inttypes.h>

#include "oracle/judge/explain.h"
#include "oracle/world/mpc.h"

void tw_blocked_add(TwBlocked *blocked, const TwWorld *world,
                    const TwAccess *access, const TwByte *bytes,
                    const TwEffect *effect)
{
    uint32_t here = 0;

    if (!world->has_mpcs) {
        return;
    }
    for (unsigned k = 0;
         k < access->size && effect->class_ <= TW_CLASS_DEVICE_ERROR; k++) {
        uint8_t iommu;

        if (bytes[k].where != TW_AT_BLOCKED) {
            continue;
        }
        iommu = world->program->regions[bytes[k].region].iommu;
        if (here >> iommu & 1) {
            continue; /* the first byte counts */
        }
        here |= 1u << iommu;
        if (blocked->any >> iommu & 1 &&
            blocked->offset[iommu] != bytes[k].offset) {
            blocked->elsewhere |= 1u << iommu;
        }
        blocked->offset[iommu] = bytes[k].offset;
    }
    blocked->any |= here;
    blocked->all = blocked->started ? blocked->all & here : here;
    blocked->started = true;
}

void tw_blocked_record(const TwBlocked *blocked, TwWorld *world,
                       const TwAccess *access)
{
    for (uint32_t left = blocked->any; left; left &= left - 1) {
        uint8_t iommu = (uint8_t)__builtin_ctz(left);

        if (access->during &&
            access->during->mpc_changes != world->mpc_changes) {
            tw_mpc_forget(world, iommu); /* before it, or after it */
            continue;
        }
        tw_mpc_record(world, iommu,
                      !(blocked->all >> iommu & 1) ? TW_MPC_BLOCKED_PERHAPS
                      : blocked->elsewhere >> iommu & 1
                          ? TW_MPC_BLOCKED_SOMEWHERE
                          : TW_MPC_BLOCKED,
                      blocked->offset[iommu], access->attrs);
    }
}

/* Are the registers of the MPC in some region (LA-57)? */
static bool is_reachable(const TwProgram *program, uint8_t iommu)
{
    for (unsigned r = 0; r < program->n_regions; r++) {
        if (program->regions[r].kind == TW_REGION_MMIO &&
            program->regions[r].registers == iommu) {
            return true;
        }
    }
    return false;
}

TwVerdict tw_blocked_judge_read(TwOracle *oracle, const TwOp *op,
                                uint16_t number)
{
    const TwWorld *world = oracle->world;
    uint64_t got = oracle->trace->outcomes[number].value;
    uint64_t known = ~(uint64_t)UINT32_MAX | world->mpc_known;

    /* The access that it is read during may itself be recorded. */
    if (((got ^ world->mpc_value) & known) == 0 ||
        (op->flags & TW_OPF_DURING && tw_mpc_is_recorded(op))) {
        return TW_VERDICT_AGREE;
    }
    if (op->flags & TW_OPF_DURING && is_reachable(oracle->program, op->obj)) {
        return tw_explain_limit(oracle, "the access that a register is read "
                                        "during may itself change it");
    }
    oracle->expected.reads = true;
    oracle->expected.value = world->mpc_value;
    oracle->expected.known = world->mpc_known;
    return tw_explain_other(oracle, TW_VERDICT_WRONG, number,
                            "expected value 0x%x, got 0x%" PRIx64
                            " from a register of i%u (LA-33)",
                            world->mpc_value, got, op->obj);
}
