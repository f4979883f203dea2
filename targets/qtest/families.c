/* SPDX-License-Identifier: MIT */
/*
 * Families of invalidation commands: with --only-commands a program has those
 * of some families alone, so that each command is also seen without the others.
 */
#include "targets/qtest/internal.h"

#define SCOPE(name) (uint8_t)(1u << TW_SCOPE_##name)

/* By stage: the scopes of `invalidate`. */
static const struct {
    const char *name;
    uint8_t scopes[2];
} families[] = {
    {"global", {SCOPE(GLOBAL), 0}},
    {"domain", {SCOPE(DOMAIN), 0}},
    {"pages",
     {SCOPE(RANGE) | SCOPE(LEAF) | SCOPE(ANY_RANGE) | SCOPE(ANY_LEAF), 0}},
    {"contexts",
     {SCOPE(CONTEXT) | SCOPE(CONTEXTS), SCOPE(CONTEXT) | SCOPE(CONTEXTS)}},
    {"second-global", {0, SCOPE(GLOBAL)}},
    {"second-domain", {0, SCOPE(DOMAIN)}},
    {"second-pages",
     {0, SCOPE(RANGE) | SCOPE(LEAF) | SCOPE(ANY_RANGE) | SCOPE(ANY_LEAF)}},
};

static bool add(const char *name, TwDialect *d)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
        if (strcmp(families[i].name, name) == 0 &&
            (families[i].scopes[0] || d->path_stages == 2)) {
            d->path_scopes[0] |= families[i].scopes[0];
            d->path_scopes[1] |=
                d->path_stages == 2 ? families[i].scopes[1] : 0;
            return true;
        }
    }
    return false;
}

bool tw_qtest_families(const char *text, const char *target, TwDialect *dialect,
                       GError **error)
{
    g_auto(GStrv) names = g_strsplit(text ? text : "", ",", -1);

    for (char **name = names; *name; name++) {
        if (!add(g_strstrip(*name), dialect)) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "qemu-%s: --only-commands: expected global, domain, "
                        "pages%s or contexts, with commas between, not \"%s\"",
                        target,
                        dialect->path_stages == 2 ? ", each also as second-...,"
                                                  : "",
                        *name);
            return false;
        }
    }
    return true;
}
