/* SPDX-License-Identifier: MIT */
/* Damaged cases of a store; see damaged.h. */
#include "cli/view/damaged.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/common/common.h"
#include "program/text/text.h"

void tw_damaged_print(const GPtrArray *list)
{
    if (list->len > 0) {
        printf("%u damaged cases set aside: --export-damaged saves them, "
               "--drop-damaged removes them\n",
               list->len);
    }
}

bool tw_damaged_export(const GPtrArray *list, const char *folder,
                       GError **error)
{
    if (list->len > 0 && g_mkdir_with_parents(folder, 0777) != 0) {
        g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO,
                    "%s: expected a folder that can be made: %s", folder,
                    g_strerror(errno));
        return false;
    }
    for (unsigned i = 0; i < list->len; i++) {
        const TwDamaged *d = g_ptr_array_index(list, i);
        g_autofree char *name =
            g_strdup_printf("%s-%" G_GINT64_FORMAT ".damaged", d->key, d->id);
        g_autofree char *path = NULL;

        g_strcanon(name,
                   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                   "0123456789-.",
                   '_');
        path = g_build_filename(folder, name, NULL);
        if (!tw_cli_write(path, d->data, d->size, error)) {
            return false;
        }
    }
    return true;
}
