/* SPDX-License-Identifier: MIT */
/* See known-internal.h: which entries are for a target. */
#include "fuzz/run/known-internal.h"

#include <stdlib.h>
#include <string.h>

#define AGAINST " against " /* in the version of two configurations */

/* Dotted numbers: which is the older one? */
static int compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        char *end_a, *end_b;
        unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

        if (x != y) {
            return x < y ? -1 : 1;
        }
        if (end_a == a && end_b == b) {
            return 0; /* what follows is no number */
        }
        a = *end_a == '.' ? end_a + 1 : "";
        b = *end_b == '.' ? end_b + 1 : "";
    }
    return 0;
}

/* Is a version among those of the entry? */
static bool is_for(const TwKnownItem *e, const char *version)
{
    return (e->from == NULL || compare_versions(e->from, version) <= 0) &&
           (e->to == NULL || compare_versions(version, e->to) <= 0);
}

/* Does "1 with A,B" name the quirk? */
static bool has_quirk(const char *version, const char *quirk)
{
    const char *with = strstr(version, " with ");
    g_auto(GStrv) names = g_strsplit(with ? with + 6 : "", ",", -1);

    return g_strv_contains((const char *const *)names, quirk);
}

static bool find_triggers(TwKnownItem *e, const TwTargetClass *klass,
                          GError **error)
{
    e->public.triggers = 0;
    for (char **name = e->path; *name; name++) {
        unsigned i = 0;

        while (klass->triggers != NULL && klass->triggers[i].name != NULL &&
               strcmp(klass->triggers[i].name, *name) != 0) {
            i++;
        }
        if (klass->triggers == NULL || klass->triggers[i].name == NULL) {
            g_set_error(error, TW_KNOWN_ERROR, 0,
                        "[%s] path: expected triggers of %s, not \"%s\"",
                        e->public.name, klass->name, *name);
            return false;
        }
        e->public.triggers |= UINT64_C(1) << i;
    }
    return true;
}

/* Is an entry for the target, or, whatever its version, for one of the same
 * emulator? */
static bool is_for_target(const TwKnownItem *e, const char *target)
{
    g_autofree char *class_name = g_strndup(target, strcspn(target, ":"));

    return g_pattern_spec_match_string(e->target, target) ||
           g_pattern_spec_match_string(e->target, class_name);
}

static bool is_for_emulator(const TwKnownItem *e, const char *target)
{
    size_t n = tw_known_family(target);

    return strlen(e->family) == n && strncmp(e->family, target, n) == 0;
}

/* The newest version that a list names for the emulator of a target; NULL: its
 * entries are for all versions from some one on. */
static const char *newest(const TwKnown *known, unsigned list,
                          const char *target)
{
    const char *found = NULL;

    for (unsigned i = 0; i < known->entries->len; i++) {
        const TwKnownItem *e = g_ptr_array_index(known->entries, i);
        const char *version = e->to ? e->to : e->from;

        if (e->list == list && version != NULL &&
            (is_for_target(e, target) || is_for_emulator(e, target)) &&
            (found == NULL || compare_versions(found, version) < 0)) {
            found = version;
        }
    }
    return found;
}

/* The version for which the entries of a list count: a newer one than it names
 * is taken for the newest that it names. */
static const char *counts_as(const TwKnown *known, unsigned list,
                             const char *target, const char *version)
{
    const char *known_one = newest(known, list, target);

    return known_one != NULL && compare_versions(version, known_one) > 0
               ? known_one
               : version;
}

/* A version alone; "A against B", if it is not the end. */
static char *one_version(const char *version)
{
    const char *end = strstr(version, AGAINST);

    return end ? g_strndup(version, (size_t)(end - version))
               : g_strdup(version);
}

static void tell_newer(TwKnown *known, unsigned list, const char *target,
                       const char *version)
{
    const char *as = counts_as(known, list, target, version);
    const char *name = g_ptr_array_index(known->lists, list);

    if (as != version) {
        g_ptr_array_add(
            known->newer,
            g_strdup_printf(
                "%s %s is newer than the known divergences (%s: %s): "
                "the entries for %s are used, and may not be right "
                "any more",
                target, version, name, as, as));
    }
}

/* Selects the entries of a list. */
static bool select_list(TwKnown *known, unsigned list, const char *target,
                        const char *version, const char *first,
                        const char *second, GError **error)
{
    const char *first_as = counts_as(known, list, target, first);
    const char *second_as =
        second ? counts_as(known, list, target, second) : NULL;
    bool any[2] = {false, false};

    for (unsigned i = 0; i < known->entries->len; i++) {
        TwKnownItem *e = g_ptr_array_index(known->entries, i);

        if (e->list != list) {
            continue;
        }
        e->first = is_for(e, first_as);
        e->second = second_as != NULL && is_for(e, second_as);
        e->public.active = is_for_target(e, target) &&
                           (e->first || e->second) &&
                           (e->quirk == NULL || has_quirk(version, e->quirk));
        if (!e->public.active) {
            continue;
        }
        if (!find_triggers(e, known->klass, error)) {
            return false;
        }
        known->avoid |= e->public.triggers;
        any[0] |= e->first;
        any[1] |= e->second;
    }
    if (any[0]) {
        tell_newer(known, list, target, first);
    }
    if (any[1] && strcmp(first, second) != 0) {
        tell_newer(known, list, target, second);
    }
    return true;
}

bool tw_known_select(TwKnown *known, const TwTargetClass *klass,
                     const TwDialect *dialect, const char *target,
                     const char *version, GError **error)
{
    g_autofree char *first = one_version(version);
    const char *second = strstr(version, AGAINST);

    if (second != NULL) {
        second = klass->other != NULL ? second + strlen(AGAINST) : NULL;
    }
    known->klass = klass;
    known->dialect = *dialect;
    known->avoid = 0;
    g_ptr_array_set_size(known->newer, 0);
    for (unsigned i = 0; i < known->lists->len; i++) {
        if (!select_list(known, i, target, version, first, second, error)) {
            return false;
        }
    }
    return true;
}

const char *tw_known_newer(const TwKnown *known, unsigned i)
{
    return known != NULL && i < known->newer->len
               ? g_ptr_array_index(known->newer, i)
               : NULL;
}
