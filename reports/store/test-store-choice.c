/* SPDX-License-Identifier: MIT */
/* Of several cases, which stands for a finding. */
#include <string.h>

#include "reports/store/test-store.h"

static bool keep_choice(const TwStoreFinding *finding, void *data)
{
    char **choice = data;

    g_free(*choice);
    *choice = g_strdup_printf("%s %s %.*s", finding->verdict, finding->key_name,
                              (int)finding->size, (const char *)finding->data);
    return true;
}

/* Of which key is the case that stands for a finding? */
static void test_choice(Fixture *f, gconstpointer data)
{
    /* Each is better than those before. */
    static const struct {
        const char *key, *verdict, *data;
        unsigned lines;
    } cases[] = {
        {"A", "stale", "script\n  read c0.0 0x0 1\n  during unmap i0.0\n", 2},
        {"B", "class", "script\n  rmw c0.0 0x0 1\n", 2},
        {"C", "wrong", "script\n  read c0.0 0x0 1 paired\n", 1},
        {"D", "effect", "script\n  read c0.0 0x0 1\n  nop\n", 6},
        {"E", "perm", "script\n  read c0.0 0x0 1\n", 5},
    };
    g_autoptr(TwStore) store = test_open(f->path);
    g_autofree char *choice = NULL;
    GError *error = NULL;

    (void)data;
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        TwStoreSight sight =
            test_sight(1, cases[i].key, "missed-unmap", cases[i].data);
        g_autofree char *expected = g_strdup_printf(
            "%s %s %s", cases[i].verdict, cases[i].key, cases[i].data);
        TwStoreMinimal m = {.run = 1,
                            .cause = "missed-unmap",
                            .title = "a title",
                            .rule = "FR-1",
                            .text = "small",
                            .form = "text",
                            .words = "",
                            .data = cases[i].data,
                            .size = strlen(cases[i].data),
                            .lines = cases[i].lines};
        TwStoreSeen seen;

        sight.verdict = cases[i].verdict;
        tw_store_see(store, &sight, 3, &seen, &error);
        g_assert_no_error(error);
        m.key = seen.key;
        tw_store_minimal(store, &m, &error);
        g_assert_no_error(error);
        tw_store_findings(store, NULL, keep_choice, &choice, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(choice, ==, expected);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/store/findings/choice", Fixture, NULL, test_set_up,
               test_choice, test_tear_down);
    return g_test_run();
}
