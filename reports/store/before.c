/* SPDX-License-Identifier: MIT */
/* What findings were before a run began: what a night found new is told by the
 * changes since then, whichever of its commands recorded them. */
#include "reports/store/store.h"

struct TwStoreBefore {
    int64_t run;
    GHashTable *was; /* finding: the status that its first change since ended */
};

static bool take(const TwStoreChange *change, void *data)
{
    TwStoreBefore *before = data;

    if (change->run >= before->run &&
        !g_hash_table_contains(before->was, &change->finding)) {
        g_hash_table_insert(
            before->was, g_memdup2(&change->finding, sizeof(change->finding)),
            g_strdup(change->was));
    }
    return true;
}

TwStoreBefore *tw_store_before(TwStore *store, int64_t run, GError **error)
{
    TwStoreBefore *before = g_new(TwStoreBefore, 1);

    before->run = run;
    before->was =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    if (!tw_store_changes(store, 0, take, before, error)) {
        tw_store_before_free(before);
        return NULL;
    }
    return before;
}

const char *tw_store_was(const TwStoreBefore *before, int64_t finding)
{
    return g_hash_table_lookup(before->was, &finding);
}

void tw_store_before_free(TwStoreBefore *before)
{
    g_hash_table_unref(before->was);
    g_free(before);
}
