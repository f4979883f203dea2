/* SPDX-License-Identifier: MIT */
/* Which events end which cached answers; see endings.h. */
#include "oracle/freshness/endings.h"

/* Do [a, a_last] and [b, b_last] have addresses that are equal in the low
 * `bits` bits? */
static bool meet_under(unsigned bits, uint64_t a, uint64_t a_last, uint64_t b,
                       uint64_t b_last)
{
    uint64_t mask = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;

    if (a_last - a >= mask || b_last - b >= mask) {
        return true; /* one of them has all residues */
    }
    return ((b - a) & mask) <= a_last - a || ((a - b) & mask) <= b_last - b;
}

bool tw_ending_covers(const TwWorld *world, const TwAccess *access,
                      const TwEnding *ending, const TwWalk *walk, unsigned j,
                      bool tail)
{
    uint64_t page_1 = world->page_size - 1;

    if (ending->kind == TW_ENDING_COMMIT) {
        return world->contract.ends &
               (tail ? TW_ENDS_COMMIT | TW_ENDS_COMMIT_TAIL : TW_ENDS_COMMIT);
    }
    if (ending->kind == TW_ENDING_RESTORE) {
        return true;
    }
    if (ending->kind == TW_ENDING_COMMAND) {
        return false; /* of records only */
    }
    if (ending->kind == TW_ENDING_FLUSH) {
        if ((ending->object != TW_ALL && ending->object != access->cpu) ||
            (ending->index != TW_ALL && ending->index != access->mmu) ||
            !walk->page.present) {
            return false;
        }
        return ending->whole ||
               meet_under(ending->bits, walk->page.first, walk->page.last,
                          ending->first, ending->last);
    }
    if (!(world->contract.ends &
          (ending->kind == TW_ENDING_RESET ? TW_ENDS_RESET : TW_ENDS_UNMAP))) {
        return false; /* it ends records of IOTLBs only */
    }
    for (unsigned i = 0; i < walk->n_hops; i++) {
        const TwHop *hop = &walk->hops[i];

        if (hop->depth < j && hop->iommu == ending->object &&
            (ending->kind == TW_ENDING_RESET ||
             (hop->index == ending->index && hop->window <= ending->last &&
              hop->window + page_1 >= ending->first))) {
            return true;
        }
    }
    return false;
}

/* Does a command (LA-37) end the record? */
static bool command_covers(const TwWorld *world, const TwEnding *ending,
                           const TwRecordKey *key)
{
    bool context = key->kind == TW_RECORD_CONTEXT;

    if (!(world->contract.commands[ending->scope] & key->kind)) {
        return false;
    }
    switch (ending->scope) {
    case TW_SCOPE_DOMAIN:
    case TW_SCOPE_RANGE:
    case TW_SCOPE_LEAF:
        if (key->domain != ending->whose) {
            return false;
        }
        break;
    case TW_SCOPE_CONTEXT:
        if (key->index != ending->whose) {
            return false;
        }
        break;
    default:
        break;
    }
    return context ||
           (key->first <= ending->last && ending->first <= key->last);
}

/* Does an UNMAP of a `table` end the record? */
static bool unmap_covers(const TwWorld *world, const TwEnding *ending,
                         const TwRecordKey *key)
{
    bool all = ending->first == 0 && ending->last == UINT64_MAX;

    if (key->kind == TW_RECORD_COMBINED &&
        !(world->contract.commands[all ? TW_SCOPE_DOMAIN : TW_SCOPE_RANGE] &
          key->kind)) {
        return false;
    }
    return ending->index == key->index && key->first <= ending->last &&
           ending->first <= key->last;
}

bool tw_ending_covers_record(const TwWorld *world, const TwEnding *ending,
                             const TwRecordKey *key)
{
    if (ending->kind == TW_ENDING_RESTORE) {
        return true;
    }
    if (ending->object != key->iommu) {
        return false;
    }
    switch (ending->kind) {
    case TW_ENDING_RESET:
        return true;
    case TW_ENDING_COMMAND:
        return command_covers(world, ending, key);
    case TW_ENDING_UNMAP:
        return world->program->iommus[key->iommu].kind == TW_IOMMU_TABLE &&
               unmap_covers(world, ending, key);
    default:
        return false;
    }
}

/* Does a flush meet the bytes of an access?  They may go on at address 0. */
static bool meets_bytes(const TwAccess *access, const TwEnding *flush)
{
    uint64_t last = tw_access_at(access, access->size - 1u);
    bool wrapped = last < access->addr;

    return meet_under(flush->bits, access->addr,
                      wrapped ? ~access->above : last, flush->first,
                      flush->last) ||
           (wrapped &&
            meet_under(flush->bits, 0, last, flush->first, flush->last));
}

const TwEnding *tw_ending_flushed(const TwWorld *world, const TwAccess *access)
{
    const TwDuring *during = access->during;

    for (uint32_t i = during ? during->n_endings : world->n_endings; i > 0;
         i--) {
        const TwEnding *ending = &world->endings[i - 1];
        bool restore = ending->kind == TW_ENDING_RESTORE;

        if ((restore || ending->kind == TW_ENDING_FLUSH) &&
            tw_world_counts(world, ending, access->cpu) &&
            (restore ||
             ((ending->object == TW_ALL || ending->object == access->cpu) &&
              (ending->index == TW_ALL || ending->index == access->mmu) &&
              (ending->whole || meets_bytes(access, ending))))) {
            return ending;
        }
    }
    return NULL;
}
