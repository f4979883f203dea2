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

/* Where there are no commands, but requests: the operations of a `table` that
 * are these, beside those that change entries. */
static const struct {
    const char *name;
    uint8_t code;
} requests[] = {
    {"pages", TW_OP_NOTIFY},
    {"domain", TW_OP_NOTIFY_ALL},
    {"contexts", TW_OP_BYPASS},
};

static bool has_requests(const TwDialect *d)
{
    return !tw_ops_has(&d->ops, TW_OP_INVALIDATE);
}

static bool add_request(const char *name, TwDialect *d)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (strcmp(requests[i].name, name) == 0) {
            tw_ops_add(&d->ops, requests[i].code);
            return true;
        }
    }
    return false;
}

static const char *expected_names(const TwDialect *d)
{
    return has_requests(d)       ? "domain, pages or contexts"
           : d->path_stages == 2 ? "global, domain, pages, each also as "
                                   "second-..., or contexts"
                                 : "global, domain, pages or contexts";
}

static bool add(const char *name, TwDialect *d)
{
    if (has_requests(d)) {
        return add_request(name, d);
    }
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

    for (unsigned i = 0;
         text && has_requests(dialect) && i < G_N_ELEMENTS(requests); i++) {
        tw_ops_remove(&dialect->ops, requests[i].code);
    }
    for (char **name = names; *name; name++) {
        if (!add(g_strstrip(*name), dialect)) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "qemu-%s: --only-commands: expected %s, with commas "
                        "between, not \"%s\"",
                        target, expected_names(dialect), *name);
            return false;
        }
    }
    return true;
}
