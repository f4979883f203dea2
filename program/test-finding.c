/* SPDX-License-Identifier: MIT */
/* Keys are letters, short and distinct; the hash line fits. */
#include "program/finding.h"

#include <glib.h>
#include <string.h>

static void test_example(void)
{
    char key[TW_KEY_SIZE];
    tw_key_write(key, TW_VERDICT_STALE, "softmmu", TW_OP_READ, TW_KEY_LEAF_RAM,
                 TW_KEY_LINK_HOP, TW_KEY_EVENT_UNMAP);
    g_assert_cmpstr(key, ==, "StaSoftmmuRdRamHopUnm");
    tw_key_write(key, TW_VERDICT_WRONG, "zoo:victim-kept", TW_OP_DMA_WRITE,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    g_assert_cmpstr(key, ==, "WrgZooDw");
    tw_key_write(key, TW_VERDICT_CRASH, "qemu-smmuv3", TW_OP_NOP,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    g_assert_cmpstr(key, ==, "CrsQemusmmu");
    tw_key_write(key, TW_VERDICT_HANG, "", TW_OP_MAP, TW_KEY_LEAF_HOLE,
                 TW_KEY_LINK_PAGE, TW_KEY_EVENT_NEWER);
    g_assert_cmpstr(key, ==, "HngHolPgmNew");
}

/* A word of hexadecimal digits would be taken for an address. */
static bool looks_hexadecimal(const char *word)
{
    return strlen(word) >= 4 &&
           strspn(word, "0123456789abcdefABCDEF") == strlen(word);
}

static void check_line(const char *key, unsigned verdict, const char *target)
{
    char line[200];
    TwFinding finding = {.verdict = (uint8_t)verdict};
    g_strlcpy(finding.key, key, sizeof finding.key);
    tw_finding_hash_line(&finding, target, line, sizeof line);
    g_assert_cmpuint(strlen(line), <=, 80);
    g_assert_true(g_str_has_prefix(line, "ASSERTION FAILED: TwFuzzerHash="));
    g_assert_nonnull(strstr(line, key));
    g_assert_nonnull(strstr(line, tw_verdict_name(verdict)));
    g_assert_null(strpbrk(line, "0123456789\n"));
    g_auto(GStrv) words = g_strsplit_set(line, " =:", -1);
    for (char **word = words; *word; word++) {
        g_assert_false(looks_hexadecimal(*word));
    }
}

/* The first words of all parts of a legend, together, are the key. */
static void check_legend(const char *key, const char *legend)
{
    g_auto(GStrv) parts = g_strsplit(legend, ", ", 0);
    g_autoptr(GString) letters = g_string_new(NULL);
    for (char **part = parts; *part; part++) {
        g_assert_nonnull(strchr(*part, ' '));
        g_string_append_len(letters, *part, strchr(*part, ' ') - *part);
    }
    g_assert_cmpstr(letters->str, ==, key);
}

static void test_legend(void)
{
    char legend[TW_KEY_LEGEND];
    g_assert_true(
        tw_key_legend("StaSoftmmuRdRamHopUnm", legend, sizeof legend));
    g_assert_cmpstr(legend, ==,
                    "Sta stale, Softmmu target, Rd read, Ram RAM, "
                    "Hop IOMMU entry changed, Unm UNMAP missed");
    g_assert_true(tw_key_legend("PrmZooWrRam", legend, sizeof legend));
    g_assert_cmpstr(legend, ==,
                    "Prm missing right, Zoo target, Wr write, Ram RAM");

    /* What is no key; one that is out of order; one without room. */
    g_assert_false(tw_key_legend("", legend, sizeof legend));
    g_assert_false(tw_key_legend("Softmmu", legend, sizeof legend));
    g_assert_false(tw_key_legend("StaSoftmmuXy", legend, sizeof legend));
    g_assert_false(tw_key_legend("StaSoftmmuRamRd", legend, sizeof legend));
    g_assert_false(tw_key_legend("PrmZooWrRam", legend, 20));
}

static void test_all_keys(void)
{
    static const char *const targets[] = {
        "softmmu",  "zoo:some-slug", "exec:./target 12", "unicorn",
        "qemu-mpc", "qemu-smmuv3",   "qemu-vtd",         "qemu-amdvi"};
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    unsigned count = 0;
    for (unsigned v = TW_VERDICT_CRASH; v <= TW_VERDICT_INVARIANT; v++) {
        for (unsigned t = 0; t < G_N_ELEMENTS(targets); t++) {
            for (unsigned code = TW_OP_NOP; code <= TW_OP_DMA_WRITE; code++) {
                for (unsigned leaf = 0; leaf < TW_KEY_LEAVES; leaf++) {
                    for (unsigned rest = 0; rest < TW_KEY_LINKS * TW_KEY_EVENTS;
                         rest++) {
                        char key[TW_KEY_SIZE];
                        tw_key_write(key, v, targets[t], code, leaf,
                                     rest % TW_KEY_LINKS, rest / TW_KEY_LINKS);
                        size_t letters =
                            strspn(key, "abcdefghijklmnopqrstuvwxyz"
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
                        g_assert_cmpuint(letters, ==, strlen(key));
                        g_assert_cmpuint(letters, <=, 26);
                        if (t == 0) {
                            count++;
                            g_hash_table_add(seen, g_strdup(key));
                        }
                        char legend[TW_KEY_LEGEND];
                        g_assert_true(
                            tw_key_legend(key, legend, sizeof legend));
                        check_legend(key, legend);
                        if (rest == 0) {
                            check_line(key, v, targets[t]);
                        }
                    }
                }
            }
        }
    }
    /* No two keys of one target are the same. */
    g_assert_cmpuint(g_hash_table_size(seen), ==, count);
}

static void test_hash_line(void)
{
    char line[81], small[20];
    TwFinding finding = {.verdict = TW_VERDICT_STALE,
                         .key = "StaSoftmmuRdRamHopUnm"};
    tw_finding_hash_line(&finding, "softmmu", line, sizeof line);
    g_assert_cmpstr(line, ==,
                    "ASSERTION FAILED: TwFuzzerHash=StaSoftmmuRdRamHopUnm "
                    "stale softmmu");
    tw_finding_hash_line(&finding, "softmmu", small, sizeof small);
    g_assert_cmpstr(small, ==, "ASSERTION FAILED: T");
    check_line("AbcdefghijklmnopqrstuvwxyzAbcde", TW_VERDICT_INVARIANT,
               "a-very-long-name-of-a-target-that-does-not-fit-into-the-line");
}

static void test_verdicts(void)
{
    unsigned findings = 0;
    for (unsigned v = 0; v < TW_VERDICTS; v++) {
        g_assert_nonnull(tw_verdict_name(v));
        findings += tw_verdict_is_finding(v);
        for (unsigned w = 0; w < v; w++) {
            g_assert_cmpstr(tw_verdict_name(v), !=, tw_verdict_name(w));
        }
    }
    g_assert_cmpuint(findings, ==, 13);
    g_assert_null(tw_verdict_name(TW_VERDICTS));
    g_assert_false(tw_verdict_is_finding(TW_VERDICT_AGREE_STALE));
    g_assert_false(tw_verdict_is_finding(TW_VERDICT_INCONCLUSIVE));
    g_assert_true(tw_verdict_is_finding(TW_VERDICT_SELF));
}

static void test_same_thing(void)
{
    static const char *const targets[] = {"zoo:slug", "exec:a b", "softmmu",
                                          "unicorn-ab", "q"};
    char a[TW_KEY_SIZE], b[TW_KEY_SIZE], other[TW_KEY_SIZE];

    for (unsigned i = 0; i < G_N_ELEMENTS(targets); i++) {
        tw_key_write(a, TW_VERDICT_STALE, targets[0], TW_OP_READ,
                     TW_KEY_LEAF_RAM, TW_KEY_LINK_HOP, TW_KEY_EVENT_UNMAP);
        tw_key_write(b, TW_VERDICT_STALE, targets[i], TW_OP_READ,
                     TW_KEY_LEAF_RAM, TW_KEY_LINK_HOP, TW_KEY_EVENT_UNMAP);
        g_assert_true(tw_key_same_thing(a, b));
        tw_key_write(other, TW_VERDICT_STALE, targets[i], TW_OP_WRITE,
                     TW_KEY_LEAF_RAM, TW_KEY_LINK_HOP, TW_KEY_EVENT_UNMAP);
        g_assert_false(tw_key_same_thing(a, other));
        tw_key_write(other, TW_VERDICT_WRONG, targets[i], TW_OP_READ,
                     TW_KEY_LEAF_RAM, TW_KEY_LINK_HOP, TW_KEY_EVENT_UNMAP);
        g_assert_false(tw_key_same_thing(a, other));
        tw_key_write(other, TW_VERDICT_STALE, targets[i], TW_OP_NOP,
                     TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
        g_assert_false(tw_key_same_thing(a, other));
    }
    g_assert_false(tw_key_same_thing(a, ""));
    g_assert_true(tw_key_same_thing("", ""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/finding/key/example", test_example);
    g_test_add_func("/finding/key/all", test_all_keys);
    g_test_add_func("/finding/key/legend", test_legend);
    g_test_add_func("/finding/hash-line", test_hash_line);
    g_test_add_func("/finding/verdicts", test_verdicts);
    g_test_add_func("/finding/key/same-thing", test_same_thing);
    return g_test_run();
}
