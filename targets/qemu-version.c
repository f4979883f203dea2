/* SPDX-License-Identifier: MIT */
/* See qemu-version.h. */
#include "targets/qemu-version.h"

#include <stdio.h>
#include <string.h>

#include "targets/file-fact.h"
#include "targets/target.h"

/* "QEMU emulator version 7.2.22 (Debian ...)": the number, or all of it. */
static bool ask(const char *binary, const char *target, char *version,
                size_t size, GError **error)
{
    static const char name[] = "QEMU emulator version ";
    const char *argv[] = {binary, "--version", NULL};
    g_autofree char *said = NULL;
    g_autoptr(GError) why = NULL;
    const char *number;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                      NULL, &said, NULL, &status, &why)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected a QEMU to run: %s", target,
                    why->message);
        return false;
    }
    number = strstr(said, name);
    if (!g_spawn_check_wait_status(status, NULL) || number == NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: expected \"%s --version\" to name a version of "
                    "QEMU",
                    target, binary);
        return false;
    }
    number += strlen(name);
    snprintf(version, size, "%.*s", (int)strcspn(number, " \n"), number);
    return true;
}

bool tw_qemu_version_of(const char *binary, const char *target, char *version,
                        size_t size, GError **error)
{
    TwFileId id;
    bool may_keep = tw_file_identify(binary, &id);

    if (may_keep && tw_file_fact(&id, version, size)) {
        return true;
    }
    if (!ask(binary, target, version, size, error)) {
        return false;
    }
    if (may_keep) {
        tw_file_fact_keep(&id, version);
    }
    return true;
}

bool tw_qemu_is_still(const char *binary, const char *name, const char *version,
                      char *why, size_t size)
{
    char now[64];

    if (!tw_qemu_version_of(binary, name, now, sizeof(now), NULL)) {
        g_strlcpy(now, "none", sizeof(now));
    }
    if (strcmp(now, version) == 0) {
        return true;
    }
    g_snprintf(why, size, "expected QEMU %s, as at the start, not %s", version,
               now);
    return false;
}
