/* SPDX-License-Identifier: MIT */
/* What people have decided about findings. */
#include <string.h>

#include "reports/store/internal.h"

const char *tw_store_state_name(TwStoreState state)
{
    static const char *const names[TW_STORE_STATES] = {"", "duplicate",
                                                       "wont-fix"};

    return names[state];
}

bool tw_store_decide(TwStore *store, const char *target, const char *cause,
                     const TwStoreDecision *d, GError **error)
{
    bool nothing = d->state == TW_STORE_OPEN && !*d->issue && !*d->comment;
    bool ok = tw_store_begin(store, error);

    ok = ok &&
         tw_store_do(store, error,
                     "DELETE FROM decisions WHERE target = ? AND cause = ?",
                     "ss", target, cause);
    if (ok && !nothing) {
        ok = tw_store_do(store, error,
                         "INSERT INTO decisions (target, cause, state, issue,"
                         " duplicate_of, comment, at) VALUES"
                         " (?, ?, ?, ?, ?, ?, ?)",
                         "ssssssi", target, cause,
                         tw_store_state_name(d->state), d->issue,
                         d->duplicate_of, d->comment, tw_store_now(store));
    }
    return tw_store_end(store, ok, error);
}
