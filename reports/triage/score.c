/* SPDX-License-Identifier: MIT */
/* See score.h: the tables. */
#include "reports/triage/score.h"

#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static unsigned find(const GPtrArray *names, const char *name)
{
    unsigned i = 0;

    while (i < names->len && strcmp(g_ptr_array_index(names, i), name) != 0) {
        i++;
    }
    return i;
}

static unsigned number_of(GPtrArray *names, const char *name)
{
    unsigned i = find(names, name);

    if (i == names->len) {
        g_ptr_array_add(names, g_strdup(name));
    }
    return i;
}

static bool note_cause(const TwStoreKey *key, void *data)
{
    g_hash_table_insert(data, g_memdup2(&key->id, sizeof(key->id)),
                        g_strdup(key->cause));
    return true;
}

/* What a case is taken for. */
typedef struct Taken {
    const TwTriageCase *one;
    unsigned raw, stored; /* numbers of causes */
} Taken;

static const char *or_none(const char *name)
{
    return name && name[0] ? name : "none";
}

static void take_cases(TwTriage *t, TwTriageScore *score, GHashTable *causes,
                       GArray *taken)
{
    for (unsigned i = 0; i < t->cases->len; i++) {
        const TwTriageCase *one = g_ptr_array_index(t->cases, i);
        Taken it = {.one = one};

        if (one->seen.key == 0) {
            score->silent += one->label != NULL;
        } else if (!one->label) {
            score->unlabelled++;
        } else if (strchr(one->label, ',')) {
            score->several++;
        } else {
            it.raw = number_of(score->causes, or_none(one->cause.name));
            it.stored =
                number_of(score->causes,
                          or_none(g_hash_table_lookup(causes, &one->seen.key)));
            number_of(score->labels, one->label);
            g_array_append_val(taken, it);
        }
    }
}

TwGrouping tw_triage_score_of(const TwTriageScore *score,
                              const unsigned *counts, const bool *chosen)
{
    unsigned groups = score->causes->len, n = 0;
    g_autofree unsigned *rows =
        g_new0(unsigned, MAX(score->labels->len * groups, 1));

    for (unsigned i = 0; i < score->labels->len; i++) {
        if (!chosen || chosen[i]) {
            memcpy(rows + (size_t)n++ * groups, counts + (size_t)i * groups,
                   groups * sizeof(*rows));
        }
    }
    return tw_grouping_of(rows, n, groups);
}

bool tw_triage_score(TwTriage *t, TwTriageScore *score, GError **error)
{
    g_autoptr(GHashTable) causes =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    g_autoptr(GArray) taken = g_array_new(FALSE, FALSE, sizeof(Taken));
    unsigned groups;

    memset(score, 0, sizeof(*score));
    score->labels = g_ptr_array_new_with_free_func(g_free);
    score->causes = g_ptr_array_new_with_free_func(g_free);
    if (!tw_store_keys(t->store, t->label, note_cause, causes, error)) {
        return false;
    }
    take_cases(t, score, causes, taken);
    g_ptr_array_sort(score->labels, by_text);
    groups = score->causes->len;
    score->findings = taken->len;
    score->raw = g_new0(unsigned, MAX(score->labels->len * groups, 1));
    score->stored = g_new0(unsigned, MAX(score->labels->len * groups, 1));
    for (unsigned i = 0; i < taken->len; i++) {
        const Taken *it = &g_array_index(taken, Taken, i);
        unsigned row = find(score->labels, it->one->label) * groups;

        score->raw[row + it->raw]++;
        score->stored[row + it->stored]++;
    }
    score->of_raw = tw_triage_score_of(score, score->raw, NULL);
    score->of_stored = tw_triage_score_of(score, score->stored, NULL);
    return true;
}

void tw_triage_score_clear(TwTriageScore *score)
{
    g_clear_pointer(&score->labels, g_ptr_array_unref);
    g_clear_pointer(&score->causes, g_ptr_array_unref);
    g_free(score->raw);
    g_free(score->stored);
}
