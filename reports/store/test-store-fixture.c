/* SPDX-License-Identifier: MIT */
/* See test-store.h. */
#include "reports/store/test-store.h"

#include <glib/gstdio.h>
#include <string.h>

void test_set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("tw-store-XXXXXX", NULL);
    g_assert_nonnull(f->folder);
    f->path = g_build_filename(f->folder, "findings.db", NULL);
}

void test_tear_down(Fixture *f, gconstpointer data)
{
    GDir *dir = g_dir_open(f->folder, 0, NULL);
    const char *name;

    (void)data;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(f->folder, name, NULL);

        g_unlink(path);
    }
    g_dir_close(dir);
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->folder);
    g_free(f->path);
}

TwStore *test_open(const char *path)
{
    GError *error = NULL;
    TwStore *store = tw_store_open(path, true, &error);

    g_assert_no_error(error);
    g_assert_nonnull(store);
    return store;
}

TwStoreSight test_sight(int64_t run, const char *key, const char *sign,
                        const char *data)
{
    return (TwStoreSight){.run = run,
                          .target = "softmmu",
                          .version = "1",
                          .key = key,
                          .sign = sign,
                          .verdict = "stale",
                          .rule = "FR-1",
                          .text = "seen",
                          .form = "text",
                          .data = data,
                          .size = strlen(data),
                          .origin = "here",
                          .words = "--target softmmu"};
}

int64_t test_number(TwStore *store, const char *sql)
{
    GError *error = NULL;
    int64_t value = tw_store_int(store, -1, &error, sql, "");

    g_assert_no_error(error);
    return value;
}
