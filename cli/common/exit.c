/* SPDX-License-Identifier: MIT */
/* One-line errors and exit codes; see exit.h. */
#include "cli/common/exit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "reports/store/store.h"
#include "targets/target.h"

/* Can a terminal take it as more than a sign to show? */
static bool moves(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);

    return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
           type == G_UNICODE_LINE_SEPARATOR ||
           type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

char *tw_cli_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_new(NULL);

    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(clean, moves(c) ? '?' : c);
    }
    return g_string_free(clean, FALSE);
}

int tw_cli_fail(int code, const char *format, ...)
{
    g_autofree char *message = NULL, *clean = NULL;
    va_list ap;

    va_start(ap, format);
    message = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_strdelimit(message, "\n\r", ' ');
    clean = tw_cli_clean(message);
    fflush(stdout);
    fprintf(stderr, "twinwalk: %s\n", clean);
    return code;
}

int tw_cli_fail_error(GError *error)
{
    bool environment =
        g_error_matches(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT) ||
        g_error_matches(error, TW_STORE_ERROR, TW_STORE_ERROR_ENVIRONMENT) ||
        g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC) ||
        g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_IO);
    int code = tw_cli_fail(environment ? TW_EXIT_ENVIRONMENT : TW_EXIT_USAGE,
                           "%s", error->message);

    g_error_free(error);
    return code;
}

int tw_cli_refused(const char *path, const TwFinding *finding)
{
    return tw_cli_fail(TW_EXIT_SKIPPED, "%s: %s: %s", path,
                       tw_verdict_name(finding->verdict), finding->text);
}

int tw_cli_exit_of(unsigned verdict)
{
    return verdict == TW_VERDICT_SELF          ? TW_EXIT_SELF
           : tw_verdict_is_finding(verdict)    ? TW_EXIT_FINDING
           : verdict == TW_VERDICT_UNSUPPORTED ? TW_EXIT_SKIPPED
                                               : TW_EXIT_CLEAN;
}

int tw_cli_exit_of_known(unsigned verdict, bool known)
{
    int code = tw_cli_exit_of(verdict);

    return known && code == TW_EXIT_FINDING ? TW_EXIT_CLEAN : code;
}

int tw_cli_worse(int a, int b)
{
    static const int order[] = {TW_EXIT_SELF, TW_EXIT_FINDING, TW_EXIT_SKIPPED,
                                TW_EXIT_CLEAN};

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        if (a == order[i] || b == order[i]) {
            return order[i];
        }
    }
    return a;
}

int tw_cli_finish(int code)
{
    if (code == TW_EXIT_USAGE || code == TW_EXIT_ENVIRONMENT ||
        code == TW_EXIT_BISECT_ABORT) {
        return code; /* one line has been said */
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return tw_cli_fail(TW_EXIT_ENVIRONMENT,
                           "standard output: expected to write: %s",
                           g_strerror(errno));
    }
    return code;
}
