/* SPDX-License-Identifier: MIT */
/*
 * What the callback of a device must be told of an access.
 */
#ifndef TW_ORACLE_MEMORY_TOLD_H
#define TW_ORACLE_MEMORY_TOLD_H

#include "oracle/memory/leaf.h"

/* Are such accesses of devices in the log of this target (RU-3, RU-4, LA-24)?
 */
bool tw_is_told(const TwWorld *world, const TwAccess *access);

/* Does the device implement other sizes than it takes (LA-50)?  Then its calls
 * are known, and may have bytes that the access does not have. */
bool tw_has_calls(const TwWorld *world, const TwByte *byte);

/*
 * The records of the piece that begins with byte k of an access, in order; in
 * `told` at most 2 * TW_MAX_ACCESS.  Returns how many: 0 if no piece begins
 * there.  A target that does not promise `device_pieces` may cut a piece in
 * other calls, unless tw_has_calls().
 */
unsigned tw_told(const TwWorld *world, const TwAccess *access,
                 const TwByte *bytes, const TwEffect *effect, unsigned k,
                 TwLogRecord *told);

#endif
