/* SPDX-License-Identifier: MIT */
/*
 * The class "zoo": the parts of softmmu compiled a second time, with each
 * TW_BUG() of theirs decided by the bug that the machine was opened with.
 */
#define TW_ZOO 1

#include "targets/zoo/zoo.h"

#include "targets/softmmu/parts.h"

static const TwZooBug bugs[] = {
#define TW_ZOO_BUG(slug, name, summary, provenance, verdicts, endings, rules)  \
    {slug, summary, provenance, verdicts, endings, rules},
#include "targets/zoo/bugs.def"
#undef TW_ZOO_BUG
};

const TwZooBug *tw_zoo_bugs(unsigned *n)
{
    *n = G_N_ELEMENTS(bugs);
    return bugs;
}

static TwTarget *zoo_open(const TwTargetOptions *options, GError **error)
{
    const char *slug = name_argument(options);
    g_autoptr(GString) slugs = NULL;

    for (unsigned i = 0; slug != NULL && i < G_N_ELEMENTS(bugs); i++) {
        if (strcmp(slug, bugs[i].slug) == 0) {
            Machine *m = machine_open(&tw_zoo_class, options, error);
            if (m == NULL) {
                return NULL;
            }
            m->bug = BUG_NONE + 1 + i;
            return &m->target;
        }
    }
    slugs = g_string_new(NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(bugs); i++) {
        g_string_append_printf(slugs, "%s%s", i > 0 ? ", " : "",
                               bugs[i].slug);
    }
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                "zoo: expected zoo:SLUG with one of %s", slugs->str);
    return NULL;
}

const TwTargetClass tw_zoo_class = {
    .name = "zoo",
    .summary = "softmmu with one historical bug put back (zoo:SLUG)",
    .tells = true,
    .open = zoo_open,
    .dialect = dialect,
    .contract = contract,
    .version = version,
    .run = run,
    .emit = emit,
    .close = machine_close,
};
