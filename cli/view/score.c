/* SPDX-License-Identifier: MIT */
/* See score.h. */
#include <stdio.h>

#include "cli/view/score.h"

static void print_row(const unsigned *counts, const GPtrArray *causes)
{
    const char *between = "";

    for (unsigned most = UINT32_MAX;;) {
        unsigned next = 0;

        for (unsigned g = 0; g < causes->len; g++) {
            next = counts[g] < most ? MAX(next, counts[g]) : next;
        }
        if (next == 0) {
            break;
        }
        for (unsigned g = 0; g < causes->len; g++) {
            if (counts[g] == next) {
                printf("%s%u %s", between, next,
                       (char *)g_ptr_array_index(causes, g));
                between = ", ";
            }
        }
        most = next;
    }
    printf("\n");
}

void tw_score_print_table(const TwTriageScore *score, bool stored)
{
    const unsigned *counts = stored ? score->stored : score->raw;

    printf("%s\n", stored ? "label: findings and their causes in the store, "
                            "after a case of each key is shrunk"
                          : "label: findings and the cause of each by itself");
    for (unsigned i = 0; i < score->labels->len; i++) {
        g_autofree char *label =
            tw_cli_clean(g_ptr_array_index(score->labels, i));

        printf("  %-28s ", label);
        print_row(counts + (size_t)i * score->causes->len, score->causes);
    }
}

void tw_score_print_figures(const char *title, TwGrouping of)
{
    printf("%s: adjusted Rand index %.3f, precision %.3f, recall %.3f; causes "
           "of a label: median %.0f, nine of ten at most %.0f, most %.0f\n",
           title, of.index, of.precision, of.recall, of.groups, of.nine_of_ten,
           of.most);
}

static void json_figures(JsonBuilder *b, TwGrouping of)
{
    tw_json_double(b, "adjusted_rand_index", of.index);
    tw_json_double(b, "precision", of.precision);
    tw_json_double(b, "recall", of.recall);
    tw_json_double(b, "groups_median", of.groups);
    tw_json_double(b, "groups_nine_of_ten", of.nine_of_ten);
    tw_json_double(b, "groups_most", of.most);
}

void tw_score_json_figures(JsonBuilder *b, const char *member, TwGrouping of)
{
    tw_json_object(b, member);
    json_figures(b, of);
    json_builder_end_object(b);
}

void tw_score_json(JsonBuilder *b, const char *member,
                   const TwTriageScore *score, bool stored)
{
    const unsigned *counts = stored ? score->stored : score->raw;

    tw_json_object(b, member);
    json_figures(b, stored ? score->of_stored : score->of_raw);
    tw_json_object(b, "table");
    for (unsigned i = 0; i < score->labels->len; i++) {
        tw_json_object(b, g_ptr_array_index(score->labels, i));
        for (unsigned g = 0; g < score->causes->len; g++) {
            unsigned n = counts[(size_t)i * score->causes->len + g];

            if (n > 0) {
                tw_json_int(b, g_ptr_array_index(score->causes, g), n);
            }
        }
        json_builder_end_object(b);
    }
    json_builder_end_object(b);
    json_builder_end_object(b);
}
