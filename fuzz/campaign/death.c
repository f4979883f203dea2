/* SPDX-License-Identifier: MIT */
/*
 * Runs a program in which a worker died or hung again, alone, in separate
 * processes, and counts how often the failure recurs.  Must not know the
 * workers that live.
 */
#define _GNU_SOURCE
#include "fuzz/campaign/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The last message of a sanitizer or an assertion, as one line. */
static void last_words(int log_fd, char *line, size_t size)
{
    char text[16384];
    ssize_t n;
    off_t end = lseek(log_fd, 0, SEEK_END);
    char *said;

    line[0] = '\0';
    n = pread(log_fd, text, sizeof(text) - 1,
              end > (off_t)sizeof(text) ? end - (off_t)sizeof(text) + 1 : 0);
    if (n <= 0) {
        return;
    }
    text[n] = '\0';
    said = strstr(text, "SUMMARY: ");
    if (!said) {
        said = strstr(text, "ssertion");
        while (said && said > text && said[-1] != '\n') {
            said--;
        }
    }
    if (said) {
        g_strlcpy(line, said, MIN(size, strcspn(said, "\n") + 1));
        g_strcanon(line,
                   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                   "0123456789 .,:;/()[]<>=!&|+-*_'`#",
                   '?');
    }
}

/* tw_run_isolated, with the child's standard error in the log. */
static bool run_quietly(const TwDeath *d, const TwProgram *program,
                        TwFinding *finding, GError **error)
{
    int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    bool ok;

    if (kept >= 0 && d->log_fd >= 0) {
        dup2(d->log_fd, STDERR_FILENO);
    }
    ok = tw_run_isolated(&d->options->target, program, d->options->hang_ms,
                         finding, error);
    if (kept >= 0) {
        dup2(kept, STDERR_FILENO);
        close(kept);
    }
    return ok;
}

/* May another case of this key be kept? */
static bool has_room(const TwDeath *d, const TwFinding *finding)
{
    for (unsigned i = 0; i < d->keys->len; i++) {
        const TwCampaignKey *key = g_ptr_array_index(d->keys, i);

        if (strcmp(key->key, finding->key) == 0) {
            return key->cases->len < d->options->cases_per_key;
        }
    }
    return true;
}

/* Replays a program that kills its process or hangs in it, as many times as
 * other findings are replayed. */
static bool kill_again(const TwDeath *d, const TwProgram *program,
                       TwFinding *finding, GError **error)
{
    unsigned replays = has_room(d, finding) ? d->options->replays : 1;
    TwFinding one;

    finding->replays = finding->again = 1;
    while (finding->replays < replays) {
        if (!run_quietly(d, program, &one, error)) {
            return false;
        }
        finding->replays++;
        finding->again += strcmp(one.key, finding->key) == 0;
    }
    if (finding->again < finding->replays) {
        finding->verdict = TW_VERDICT_FLAKY;
    }
    return true;
}

bool tw_campaign_explain_death(const TwDeath *d, uint64_t number,
                               TwCampaignSums *sums, TwCampaignCase *one,
                               GError **error)
{
    TwProgram *program = g_new(TwProgram, 1);
    char words[160];
    bool ok, dies;

    memset(one, 0, sizeof(*one));
    one->number = number;
    one->wish = d->wish;
    tw_campaign_program_towards(program, d->options->seed, number,
                                d->options->profile, d->wish, d->dialect,
                                d->options->known, &one->profile);
    tw_known_count_met(d->options->known, program, sums->met);
    ok = run_quietly(d, program, &one->finding, error);
    if (ok && tw_verdict_is_finding(one->finding.verdict)) {
        one->finding.known =
            (uint8_t)(1 + tw_known_match(d->options->known, program,
                                         &one->finding));
    }
    dies = ok && one->finding.replays == 0 &&
           (one->finding.verdict == TW_VERDICT_CRASH ||
            one->finding.verdict == TW_VERDICT_HANG);
    if (dies && !one->finding.known) {
        ok = kill_again(d, program, &one->finding, error);
    }
    g_free(program);
    last_words(d->log_fd, words, sizeof(words));
    if (ok && !dies && !tw_verdict_is_finding(one->finding.verdict)) {
        char how[40];

        if (d->hung) {
            g_snprintf(how, sizeof(how), "did not move");
        } else if (WIFSIGNALED(d->status)) {
            g_snprintf(how, sizeof(how), "died of signal %d",
                       WTERMSIG(d->status));
        } else {
            g_snprintf(how, sizeof(how), "ended with exit code %d",
                       WEXITSTATUS(d->status));
        }
        g_snprintf(one->finding.text, sizeof(one->finding.text),
                   "a worker %s in this program; alone it gives: %s", how,
                   tw_verdict_name(one->finding.verdict));
        one->finding.verdict = TW_VERDICT_FLAKY;
        one->finding.key[0] = '\0';
        one->finding.replays = 1;
        one->finding.again = 0;
    }
    if (words[0] && ok && !strstr(one->finding.text, words)) {
        size_t length = strlen(one->finding.text);

        g_snprintf(one->finding.text + length,
                   sizeof(one->finding.text) - length, "%s%s",
                   length && one->finding.text[length - 1] != '\n' ? "\n" : "",
                   words);
    }
    return ok;
}
