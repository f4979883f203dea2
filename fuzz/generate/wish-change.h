/* SPDX-License-Identifier: MIT */
/* The script of a wish. */
#ifndef TW_FUZZ_GENERATE_WISH_CHANGE_H
#define TW_FUZZ_GENERATE_WISH_CHANGE_H

#include "fuzz/generate/wish-place.h"

/* Chooses the change that a transaction, a device, a restore or a fill is to
 * hold; prepares its regions.  False: there is none. */
bool tw_wish_prepare(TwWish *wish);
/* The script. */
void tw_wish_script(TwWish *wish);

#endif
