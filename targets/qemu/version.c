/* SPDX-License-Identifier: MIT */
/* Which version of QEMU a binary is. */
#include <stdio.h>
#include <string.h>

#include "targets/qemu/internal.h"

/* "QEMU emulator version 7.2.22 (Debian ...)": the number, or all of it. */
bool tw_qemu_version(const Machine *m, char *version, size_t size,
                     GError **error)
{
    static const char name[] = "QEMU emulator version ";
    const char *argv[] = {m->binary, "--version", NULL};
    g_autofree char *said = NULL;
    g_autoptr(GError) why = NULL;
    const char *number;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, &said, NULL, &status, &why)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected a QEMU to run: %s", m->arch->name,
                    why->message);
        return false;
    }
    number = strstr(said, name);
    if (!g_spawn_check_wait_status(status, NULL) || number == NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected \"%s --version\" to name a version of "
                    "QEMU",
                    m->arch->name, m->binary);
        return false;
    }
    number += strlen(name);
    snprintf(version, size, "%.*s", (int)strcspn(number, " \n"), number);
    return true;
}
