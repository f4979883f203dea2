/* SPDX-License-Identifier: MIT */
/* See mapped.h. */
#include "oracle/judge/mapped.h"

#include <inttypes.h>

#include "oracle/freshness/mapping.h"
#include "oracle/judge/explain.h"

TwVerdict tw_mapped_judge(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    const TwWorld *world = oracle->world;
    uint64_t told = oracle->trace->outcomes[number].value, length = 0;
    TwMappingRun run;

    if (world->iotlbs) {
        return TW_VERDICT_AGREE;
    }
    tw_mapping_run(world, &world->mappings[op->obj], tw_times_at(world->now),
                   &run);
    if (run.unknown) {
        return tw_explain_limit(oracle,
                                "a mapping's space has more than %d ranges, "
                                "and the oracle keeps no more",
                                TW_MAX_SHOWN);
    }
    if (run.any) {
        length = run.last == UINT64_MAX ? UINT64_MAX : run.last + 1;
    }
    return told == length || told == 0
               ? TW_VERDICT_AGREE
               : tw_explain_other(oracle, TW_VERDICT_WRONG, number,
                                  "the mapping has 0x%" PRIx64
                                  " bytes, the longest run has 0x%" PRIx64
                                  " (RU-9)",
                                  told, length);
}
