/* SPDX-License-Identifier: MIT */
/*
 * What triage and report do with damaged cases of a store.
 */
#ifndef TW_CLI_VIEW_DAMAGED_H
#define TW_CLI_VIEW_DAMAGED_H

#include "reports/store/damaged.h"

/* The rows of the two options: `folder` is a char *, `drop` a gboolean. */
#define TW_DAMAGED_ENTRIES(folder, drop) \
    {"export-damaged", \
     0, \
     0, \
     G_OPTION_ARG_FILENAME, \
     &(folder), \
     "Writes the cases of the store that cannot be read into this folder", \
     "DIR"}, \
    { \
        "drop-damaged", 0, 0, G_OPTION_ARG_NONE, &(drop), \
            "Removes the keys of such cases from the store", NULL \
    }

/* Tells how many there are and what can be done; nothing if there is none. */
void tw_damaged_print(const GPtrArray *list);

/* The cases of the list, as they are, each as a file of this folder. */
bool tw_damaged_export(const GPtrArray *list, const char *folder,
                       GError **error);

#endif
