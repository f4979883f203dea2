/* SPDX-License-Identifier: MIT */
/* See next.h. */
#include "cli/common/next.h"

#include <string.h>

#include "cli/common/exit.h"

char *tw_cli_word(const char *file)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:./+=@,";
    g_autofree char *clean = tw_cli_clean(file);

    return strspn(clean, plain) == strlen(clean) ? g_steal_pointer(&clean)
                                                 : g_shell_quote(clean);
}

void tw_cli_next(FILE *to, const TwCliTarget *target, const TwCliKnown *known,
                 const char *verb, const char *file, const char *more)
{
    g_autofree char *words = tw_cli_target_words(target);
    g_autofree char *word = tw_cli_word(file);
    g_autoptr(GString) lists = g_string_new(known->off ? " --no-known" : "");

    for (char **list = known->files; list && *list; list++) {
        g_autofree char *name = tw_cli_word(*list);

        g_string_append_printf(lists, " --known %s", name);
    }
    fprintf(to, "next: twinwalk %s %s%s %s%s%s\n", verb, words, lists->str,
            word, more ? " " : "", more ? more : "");
}
