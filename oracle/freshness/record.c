/* SPDX-License-Identifier: MIT */
/* See record.h. */
#include "oracle/freshness/record.h"

/* Would combined records of which they are a part end at the same events? */
static bool same_part(const TwFound *a, const TwFound *b)
{
    return a->entry == b->entry && a->lg == b->lg && a->domain == b->domain;
}

bool tw_record_same(const TwOlderAsk *question, const TwFound *a,
                    const TwFound *b)
{
    const TwWorld *world = question->ask->world;

    if (world->reasons && (a->perm & question->need) != question->need &&
        (a->denial != b->denial || a->level != b->level)) {
        return false;
    }
    return a->perm == b->perm &&
           (a->perm == 0 ||
            (a->space == b->space && a->out == b->out &&
             a->unmarked == b->unmarked && a->to_mark == b->to_mark &&
             (!(world->contract.iotlb & TW_IOTLB_COMBINED) ||
              same_part(a, b))));
}
