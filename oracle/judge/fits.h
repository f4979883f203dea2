/* SPDX-License-Identifier: MIT */
/*
 * Whether an answer explains what was seen of an access.
 */
#ifndef TW_ORACLE_JUDGE_FITS_H
#define TW_ORACLE_JUDGE_FITS_H

#include "oracle/judge/oracle.h"

typedef enum TwFit {
    TW_FIT_NOT,
    TW_FIT_OLD, /* a fetch of bytes that were there, and may be cached */
    TW_FIT_NOW,
} TwFit;

/* Does an access that went there explain class, locations and value that were
 * seen, in that world? */
TwFit tw_judge_fits(const TwOracle *oracle, const TwAccess *access,
                    const TwSeen *seen, const TwByte *bytes,
                    const TwEffect *effect, const TwContent *world);

/* May a fetch still see the bytes that a store replaced (FR-10)?  If not, what
 * ended them. */
typedef enum TwOldCode {
    TW_OLD_CODE_ALLOWED,
    TW_OLD_CODE_STORE,     /* the store, at once */
    TW_OLD_CODE_OWN_STORE, /* the same: one of the CPU itself to that address */
    TW_OLD_CODE_FLUSHED,   /* a flush after it (tw_ending_flushed) */
} TwOldCode;

/* `stored`: the newest store to some of the bytes, or one that is older than
 * those that are allowed. */
TwOldCode tw_judge_old_code(const TwOracle *oracle, const TwAccess *access,
                            const TwByte *bytes, const TwStored *stored);

/* Does the trace hold exactly the log records of such an access next?  In
 * *n how many that are. */
bool tw_judge_log(const TwOracle *oracle, const TwAccess *access,
                  const TwByte *bytes, const TwEffect *effect, uint32_t *n);

#endif
