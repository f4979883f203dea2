/* SPDX-License-Identifier: MIT */
/*
 * The options of targets.  Each class lists those that it takes in a table
 * (TwTargetOption); from the tables follow the options of the command, the
 * words that choose the same target again, and which options a class refuses.
 */
#ifndef TW_TARGETS_CLASSES_OPTIONS_H
#define TW_TARGETS_CLASSES_OPTIONS_H

#include "targets/target.h"

/* One option ------------------------------------------------------------- */

/* The row of this name of a class, or NULL. */
const TwTargetOption *tw_target_option_of(const TwTargetClass *klass,
                                          const char *name);

uint32_t tw_target_option_get(const TwTargetOptions *options,
                              const TwTargetOption *row);

/* Sets it from the text of its value (of a switch: not looked at).  False with
 * `error` (TW_TARGET_ERROR_USAGE) if it is none. */
bool tw_target_option_set(TwTargetOptions *options, const TwTargetOption *row,
                          const char *text, GError **error);

/* The options of all classes ----------------------------------------------- */

enum { TW_MAX_TARGET_OPTIONS = 32 };

/* The different rows of all classes, in the order of the classes; returns how
 * many were written. */
unsigned tw_target_options_all(const TwTargetOption *rows[]);

/* The names of the classes that take it: "softmmu, zoo".  To be freed. */
char *tw_target_option_classes(const TwTargetOption *row);

/* Do both choose the same target with the same options? */
bool tw_target_options_same(const TwTargetOptions *a, const TwTargetOptions *b);

/* The options that must be given again to get the same target, as shell words
 * on one line: "--target zoo:slug --flush page".  To be freed. */
char *tw_target_options_words(const TwTargetOptions *options);

/*
 * Sets the options that such words give, except the name of the target and the
 * options of any target.  Skips words that are no options of targets, and wrong
 * values.
 */
void tw_target_options_add_words(TwTargetOptions *options, const char *words);

/* False with `error` (TW_TARGET_ERROR_USAGE) if an option is set that the class
 * does not take. */
bool tw_target_options_fit(const TwTargetClass *klass,
                           const TwTargetOptions *options, GError **error);

#endif
