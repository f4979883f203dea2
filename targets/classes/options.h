/* SPDX-License-Identifier: MIT */
/*
 * What follows from the list of all classes, whichever they are
 * (tw_target_classes): the options of all of them, and options as words.
 */
#ifndef TW_TARGETS_CLASSES_OPTIONS_H
#define TW_TARGETS_CLASSES_OPTIONS_H

#include "targets/option.h"

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
 * Adds what such words say, but for the name of the target and for options of
 * any target; what is no option of a target, and a value that is none, is
 * passed over.
 */
void tw_target_options_add_words(TwTargetOptions *options, const char *words);

/* False with `error` (TW_TARGET_ERROR_USAGE) if an option is set that the class
 * does not take. */
bool tw_target_options_fit(const TwTargetClass *klass,
                           const TwTargetOptions *options, GError **error);

#endif
