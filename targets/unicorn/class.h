/* SPDX-License-Identifier: MIT */
/*
 * The class "unicorn": libunicorn in this process.  A crash of the library is
 * a crash of the process; a campaign runs targets in workers.  (The file is not
 * called unicorn.h, which is the library's.)
 */
#ifndef TW_TARGETS_UNICORN_CLASS_H
#define TW_TARGETS_UNICORN_CLASS_H

#include "targets/target.h"

extern const TwTargetClass tw_unicorn_class;
extern const TwTargetClass tw_unicorn_vtlb_class;
extern const TwTargetClass tw_unicorn_snapshot_class;
extern const TwTargetClass tw_unicorn_ab_class; /* pair.c */

/* title.c and title-defect.c: rows `call`, `when` and `title` of the classes.
 */
const char *tw_uc_call(const TwProgram *program, const TwOp *op);
const char *tw_uc_vtlb_call(const TwProgram *program, const TwOp *op);
const char *tw_uc_when(const TwProgram *program, const TwFinding *finding);
const char *tw_uc_snapshot_when(const TwProgram *program,
                                const TwFinding *finding);

bool tw_uc_title(const TwProgram *program, const TwFinding *finding,
                 GString *title);
bool tw_uc_pair_title(const TwProgram *program, const TwFinding *finding,
                      GString *title);

/* What they all take. */
extern const TwTargetOption tw_unicorn_options[];

#endif
