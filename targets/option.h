/* SPDX-License-Identifier: MIT */
/*
 * Options of targets as tables: each class lists those that it takes, and from
 * the lists follow the options of the command, the words that choose the same
 * target again, and which options a class refuses.
 */
#ifndef TW_TARGETS_OPTION_H
#define TW_TARGETS_OPTION_H

#include "targets/target.h"

typedef enum TwTargetOptionType {
    TW_TARGET_SWITCH,       /* --name: 1 */
    TW_TARGET_CHOICE,       /* --name WORD: the number of the word */
    TW_TARGET_MILLISECONDS, /* --name MS: 0 to INT32_MAX; 0: the default */
} TwTargetOptionType;

struct TwTargetOption {
    const char *name; /* without dashes */
    TwTargetOptionType type;
    size_t field, size;       /* where it stands in TwTargetOptions: a bool or
                               * 32 bits; 0 is the default */
    const char *const *words; /* of a choice, the default first; ends in NULL */
    const char *value;        /* of what --help shows: "MODE"; NULL: none */
    const char *help;
    bool any_target; /* the command gives it a meaning for all targets */
};

/* The place of a member of TwTargetOptions, for a row. */
#define TW_TARGET_FIELD(member) \
    .field = offsetof(TwTargetOptions, member), \
    .size = sizeof(((TwTargetOptions *)NULL)->member)

/* The row of this name of a class, or NULL. */
const TwTargetOption *tw_target_option_of(const TwTargetClass *klass,
                                          const char *name);

uint32_t tw_target_option_get(const TwTargetOptions *options,
                              const TwTargetOption *row);

/* Sets it from the text of its value (of a switch: not looked at).  False with
 * `error` (TW_TARGET_ERROR_USAGE) if it is none. */
bool tw_target_option_set(TwTargetOptions *options, const TwTargetOption *row,
                          const char *text, GError **error);

#endif
