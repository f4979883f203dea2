/* SPDX-License-Identifier: MIT */
/*
 * The owner of a run: the process whose end ends the run.  Process numbers are
 * used again, and machines start again, so the owner also has the start of the
 * process and the boot of the machine.  Several machines may see one store, so
 * it also has the machine.
 *
 *   MACHINE BOOT NAMESPACE PID START HOST
 *
 * MACHINE is a hash of /etc/machine-id, because the id itself is confidential;
 * '-' in a container, whose id may come from the image and exist elsewhere.
 * NAMESPACE is that of the process numbers, START is in ticks since BOOT.  HOST
 * is for human readers.  If anything is uncertain, the answer is "unknown".
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "reports/store/internal.h"

enum { MACHINE, BOOT, NAMESPACE, PID, START, HOST, WORDS };

#define FIRST_NAMESPACE "pid:[4026531836]" /* the kernel's own constant */

static char *machine(const char *namespace)
{
    g_autofree char *id = NULL, *text = NULL, *hash = NULL;

    if (strcmp(namespace, FIRST_NAMESPACE) != 0 ||
        !g_file_get_contents("/etc/machine-id", &id, NULL, NULL) ||
        strlen(g_strstrip(id)) != 32) {
        return g_strdup("-");
    }
    text = g_strconcat("twinwalk ", id, NULL);
    hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    return g_strndup(hash, 16);
}

char *tw_store_here(void)
{
    g_autofree char *boot = NULL, *namespace = NULL, *self = NULL;
    g_autofree char *id = NULL;

    namespace = g_file_read_link("/proc/self/ns/pid", NULL);
    self = g_file_read_link("/proc/self", NULL);
    if (!namespace || !self ||
        g_ascii_strtoll(self, NULL, 10) != getpid() || /* others' numbers */
        !g_file_get_contents("/proc/sys/kernel/random/boot_id", &boot, NULL,
                             NULL)) {
        return NULL;
    }
    id = machine(namespace);
    return g_strjoin(" ", id, g_strstrip(boot), namespace, NULL);
}

/* State and start of a process; false: it is not to be seen. */
static bool look(int64_t pid, char *state, char start[24])
{
    g_autofree char *path =
        g_strdup_printf("/proc/%" G_GINT64_FORMAT "/stat", pid);
    g_autofree char *stat = NULL;
    const char *name_end;

    /* The name may contain any character, so count from its end. */
    return g_file_get_contents(path, &stat, NULL, NULL) &&
           (name_end = strrchr(stat, ')')) != NULL &&
           sscanf(name_end,
                  ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
                  " %*s %*s %*s %*s %*s %23s",
                  state, start) == 2;
}

char *tw_store_owner(const char *here, int64_t pid)
{
    char state, start[24];

    if (!here || !look(pid, &state, start)) {
        return g_strdup("");
    }
    return g_strdup_printf("%s %" G_GINT64_FORMAT " %s %s", here, pid, start,
                           g_get_host_name());
}

TwStoreThere tw_store_owner_there(const char *here, const char *owner)
{
    g_auto(GStrv) mine = g_strsplit(here ? here : "", " ", WORDS);
    g_auto(GStrv) its = g_strsplit(owner, " ", WORDS);
    char state, start[24];
    int64_t pid;

    if (g_strv_length(mine) <= NAMESPACE || g_strv_length(its) < WORDS) {
        return TW_STORE_UNKNOWN;
    }
    if (strcmp(mine[BOOT], its[BOOT]) != 0) {
        return strcmp(its[MACHINE], "-") != 0 &&
                       strcmp(mine[MACHINE], its[MACHINE]) == 0
                   ? TW_STORE_GONE
                   : TW_STORE_UNKNOWN;
    }
    if (strcmp(mine[NAMESPACE], its[NAMESPACE]) != 0) {
        return TW_STORE_UNKNOWN;
    }
    pid = g_ascii_strtoll(its[PID], NULL, 10);
    if (look(pid, &state, start)) {
        /* Z, X: dead, but its parent has not read its exit code yet. */
        return state != 'Z' && state != 'X' && strcmp(start, its[START]) == 0
                   ? TW_STORE_THERE
                   : TW_STORE_GONE;
    }
    /* /proc may hide processes of other users. */
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH ? TW_STORE_GONE
                                                      : TW_STORE_UNKNOWN;
}

/* owner_there(owner) in SQL: 1, 0, or NULL where it is not known. */
static void owner_there(sqlite3_context *context, int n, sqlite3_value **values)
{
    const TwStore *store = sqlite3_user_data(context);
    const char *owner = (const char *)sqlite3_value_text(values[0]);
    TwStoreThere there = tw_store_owner_there(store->here, owner ? owner : "");

    (void)n;
    if (there == TW_STORE_UNKNOWN) {
        sqlite3_result_null(context);
    } else {
        sqlite3_result_int(context, there == TW_STORE_THERE);
    }
}

bool tw_store_owner_register(TwStore *store, GError **error)
{
    store->here = tw_store_here();
    return sqlite3_create_function(store->db, "owner_there", 1,
                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, store,
                                   owner_there, NULL, NULL) == SQLITE_OK ||
           tw_store_failed(store, error);
}
