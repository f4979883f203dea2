/* SPDX-License-Identifier: MIT */
/*
 * What can be expressed on libunicorn with a guest whose MMU is off.
 */
#ifndef TW_TARGETS_UNICORN_DIALECT_H
#define TW_TARGETS_UNICORN_DIALECT_H

#include "program/dialect.h"

/* `code`: a bit per TwContentsKind, those that the guest executes; `vtlb`: the
 * page map is a hook's, with pages of 2^page_lg, and nothing is executed. */
TwDialect tw_uc_dialect(uint32_t code, bool vtlb, unsigned page_lg);

/* Of the class "unicorn-snapshot", with pages of 2^page_lg: memory is mapped
 * before the script, once, and stays mapped (snapshot.c). */
TwDialect tw_uc_snapshot_dialect(unsigned page_lg);

/* Is it a program of a guest whose page map is made of mappings?  No other can
 * be followed in flat.h. */
bool tw_uc_admits(const TwProgram *program);

#endif
