/* SPDX-License-Identifier: MIT */
/* Options of targets: values, words there and back, what a class refuses. */
#include "targets/classes/options.h"

#include <string.h>

static const TwTargetOption *row_of(const char *klass, const char *option)
{
    const TwTargetOption *row =
        tw_target_option_of(tw_target_class_of(klass), option);

    g_assert_nonnull(row);
    return row;
}

static void set(TwTargetOptions *options, const char *klass, const char *option,
                const char *text)
{
    GError *error = NULL;

    tw_target_option_set(options, row_of(klass, option), text, &error);
    g_assert_no_error(error);
}

/* Every row of every class: its field is one that a value fits into, and what
 * is set is what is read. */
static void test_rows(void)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows);

    g_assert_cmpuint(n, >=, 4);
    for (unsigned i = 0; i < n; i++) {
        bool choice = rows[i]->type == TW_TARGET_CHOICE;
        bool text = rows[i]->type == TW_TARGET_TEXT;
        TwTargetOptions options = {.name = "x"};
        GError *error = NULL;

        if (!text) {
            g_assert_cmpuint(tw_target_option_get(&options, rows[i]), ==, 0);
        }
        tw_target_option_set(&options, rows[i],
                             choice ? rows[i]->words[1] : "1", &error);
        g_assert_no_error(error);
        if (text) {
            const char *value;

            memcpy(&value, (const char *)&options + rows[i]->field,
                   sizeof(value));
            g_assert_cmpstr(value, ==, "1");
        } else {
            g_assert_cmpuint(tw_target_option_get(&options, rows[i]), ==, 1);
        }
        g_assert_nonnull(rows[i]->help);
        g_assert_true((rows[i]->value == NULL) ==
                      (rows[i]->type == TW_TARGET_SWITCH));
        for (unsigned k = 0; k < i; k++) {
            g_assert_cmpstr(rows[i]->name, !=, rows[k]->name);
        }
    }
}

static void test_fields(void)
{
    TwTargetOptions options = {.name = "softmmu"};

    set(&options, "softmmu", "flush", "page");
    set(&options, "softmmu", "check", NULL);
    g_assert_cmpint(options.flush, ==, TW_FLUSH_PAGES);
    g_assert_true(options.check);
    g_assert_false(options.hide_locations);
    set(&options, "softmmu", "flush", "all");
    set(&options, "exec", "timeout", "1500");
    g_assert_cmpint(options.flush, ==, TW_FLUSH_ALL_ENTRIES);
    g_assert_cmpuint(options.timeout_ms, ==, 1500);
}

static void test_bad_values(void)
{
    static const struct {
        const char *klass, *option, *text, *words;
    } cases[] = {
        {"softmmu", "flush", "some",
         "--flush: expected all or page, not \"some\""},
        {"softmmu", "flush", "", "--flush: expected all or page, not \"\""},
        {"exec", "timeout", "0", "--timeout: expected milliseconds"},
        {"exec", "timeout", "-1", "--timeout: expected milliseconds"},
        {"exec", "timeout", "2147483648", "--timeout: expected milliseconds"},
        {"exec", "timeout", "1s", "--timeout: expected milliseconds"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        TwTargetOptions options = {.name = "x"};
        GError *error = NULL;

        g_assert_false(tw_target_option_set(
            &options, row_of(cases[i].klass, cases[i].option), cases[i].text,
            &error));
        g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
        g_assert_true(g_str_has_prefix(error->message, cases[i].words));
        g_clear_error(&error);
    }
}

/* What is printed chooses the same again. */
static void test_words(void)
{
    TwTargetOptions options = {.name = "exec:a 'b'\nc", .timeout_ms = 7};
    TwTargetOptions again = {.name = options.name, .timeout_ms = 7};
    g_autofree char *none = NULL, *all = NULL;

    none = tw_target_options_words(&(TwTargetOptions){.name = "zoo:a-b"});
    g_assert_cmpstr(none, ==, "--target zoo:a-b");
    options.flush = TW_FLUSH_PAGES;
    options.hide_locations = options.check = true;
    all = tw_target_options_words(&options);
    g_assert_cmpstr(all, ==,
                    "--target 'exec:a '\\''b'\\'' c' --flush page "
                    "--hide-locations --check --timeout 7");
    g_assert_false(tw_target_options_same(&options, &again));
    tw_target_options_add_words(&again, all);
    g_assert_true(tw_target_options_same(&options, &again));
}

/* Words of others: what is no option is passed over, the name and the time
 * limit stay those of the caller. */
static void test_foreign_words(void)
{
    TwTargetOptions options = {.name = "softmmu", .check = true};

    tw_target_options_add_words(&options, "--target zoo:x --timeout 9 --flush");
    tw_target_options_add_words(&options, "--flush never --bogus 1 page");
    tw_target_options_add_words(&options, "an open 'quote --flush page");
    g_assert_cmpstr(options.name, ==, "softmmu");
    g_assert_cmpuint(options.timeout_ms, ==, 0);
    g_assert_cmpint(options.flush, ==, TW_FLUSH_ALL_ENTRIES);
    g_assert_true(options.check);
    tw_target_options_add_words(&options, "--hide-locations --flush page");
    g_assert_true(options.hide_locations);
    g_assert_cmpint(options.flush, ==, TW_FLUSH_PAGES);
}

/* Each class refuses each option that it does not list, before it opens. */
static void test_refused(void)
{
    const TwTargetClass *const *classes = tw_target_classes();
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows), refused = 0;

    for (unsigned c = 0; classes[c]; c++) {
        for (unsigned i = 0; i < n; i++) {
            TwTargetOptions options = {.name = classes[c]->name};
            bool takes = tw_target_option_of(classes[c], rows[i]->name);
            g_autofree char *words = g_strdup_printf(
                "%s: expected no --%s", classes[c]->name, rows[i]->name);
            GError *error = NULL;

            tw_target_option_set(&options, rows[i],
                                 rows[i]->words ? rows[i]->words[1] : "1",
                                 NULL);
            g_assert_true(tw_target_options_fit(classes[c], &options, &error) ==
                          takes);
            if (!takes) {
                g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
                g_assert_cmpstr(error->message, ==, words);
                g_clear_error(&error);
                g_assert_null(tw_target_open(&options, &error));
                g_assert_cmpstr(error->message, ==, words);
                refused++;
            }
            g_clear_error(&error);
        }
    }
    g_assert_cmpuint(refused, >, 0);
}

static void test_classes(void)
{
    g_autofree char *of_flush =
        tw_target_option_classes(row_of("softmmu", "flush"));

    g_assert_cmpstr(of_flush, ==, "softmmu, zoo");
    g_assert_true(tw_target_class_of("zoo:x") == tw_target_class_of("zoo"));
    g_assert_null(tw_target_class_of("zo"));
    g_assert_null(tw_target_class_of("zoos:x"));
    g_assert_null(tw_target_class_of(""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/option/rows", test_rows);
    g_test_add_func("/option/fields", test_fields);
    g_test_add_func("/option/bad-values", test_bad_values);
    g_test_add_func("/option/words", test_words);
    g_test_add_func("/option/foreign-words", test_foreign_words);
    g_test_add_func("/option/refused", test_refused);
    g_test_add_func("/option/classes", test_classes);
    return g_test_run();
}
