/* SPDX-License-Identifier: MIT */
/* The script of a wish. */
#ifndef TW_FUZZ_GENERATE_WISH_CHANGE_H
#define TW_FUZZ_GENERATE_WISH_CHANGE_H

#include "fuzz/generate/wish-place.h"

/* Does a change (TwMetChange) send the event that ends what it changes? */
bool tw_wish_ends_itself(unsigned change);
/* Is it one operation on a region? */
bool tw_wish_of_topology(unsigned change);

/* Chooses the change that a transaction, a device, a restore or a fill is to
 * hold; prepares its regions.  False: there is none. */
bool tw_wish_prepare(TwWish *wish);
/* The script. */
void tw_wish_script(TwWish *wish);

#endif
