/* SPDX-License-Identifier: MIT */
/* The comments of a program in text form, by what they stand above or on. */
#include "program/text/comments.h"

#include <string.h>

typedef struct Comment {
    TwSpot spot;
    bool behind;
    GString *lines;
} Comment;

struct TwComments {
    GArray *all; /* of Comment; no two with one spot and `behind` */
};

static void clear(gpointer data)
{
    g_string_free(((Comment *)data)->lines, TRUE);
}

TwComments *tw_comments_new(void)
{
    TwComments *comments = g_new(TwComments, 1);
    comments->all = g_array_new(FALSE, FALSE, sizeof(Comment));
    g_array_set_clear_func(comments->all, clear);
    return comments;
}

void tw_comments_free(TwComments *comments)
{
    if (comments) {
        g_array_free(comments->all, TRUE);
        g_free(comments);
    }
}

static Comment *find(const TwComments *comments, TwSpot spot, bool behind)
{
    for (guint i = 0; i < comments->all->len; i++) {
        Comment *comment = &g_array_index(comments->all, Comment, i);
        if (comment->spot.kind == spot.kind &&
            comment->spot.index == spot.index && comment->behind == behind) {
            return comment;
        }
    }
    return NULL;
}

void tw_comments_add(TwComments *comments, TwSpot spot, bool behind,
                     const char *lines)
{
    Comment *comment = find(comments, spot, behind);
    if (!comment) {
        Comment fresh = {spot, behind, g_string_new(NULL)};
        g_array_append_val(comments->all, fresh);
        comment =
            &g_array_index(comments->all, Comment, comments->all->len - 1);
    }
    g_string_append(comment->lines, lines);
}

const char *tw_comments_find(const TwComments *comments, TwSpot spot,
                             bool behind)
{
    const Comment *comment = comments ? find(comments, spot, behind) : NULL;
    return comment ? comment->lines->str : NULL;
}

void tw_comments_drop(TwComments *comments, TwSpot spot)
{
    bool listed = spot.kind == TW_SPOT_SETUP || spot.kind == TW_SPOT_SCRIPT;
    for (guint i = 0; i < comments->all->len;) {
        Comment *comment = &g_array_index(comments->all, Comment, i);
        if (comment->spot.kind != spot.kind) {
            i++;
        } else if (comment->spot.index == spot.index) {
            g_array_remove_index(comments->all, i);
        } else {
            if (listed && comment->spot.index > spot.index) {
                comment->spot.index--;
            }
            i++;
        }
    }
}

void tw_comments_add_top(TwComments *comments, const char *line)
{
    /* Whatever the caller has is one line of text. */
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    g_autoptr(GString) one = g_string_new(NULL);
    for (const char *c = valid; *c && one->len < 1024; c++) {
        unsigned char byte = (unsigned char)*c;
        g_string_append_c(one, byte < 0x20 || byte == 0x7f ? ' ' : *c);
    }
    while (one->len > 0 && !g_utf8_validate(one->str, -1, NULL)) {
        g_string_truncate(one, one->len - 1);
    }
    while (one->len > 0 && one->str[one->len - 1] == ' ') {
        g_string_truncate(one, one->len - 1);
    }
    g_string_append_c(one, '\n');
    tw_comments_add(comments, (TwSpot){TW_SPOT_TOP, 0}, false, one->str);
}

char *tw_comments_note(const TwComments *comments, const char *word, unsigned n)
{
    /* Those that were added, and those that were read. */
    const char *top =
        tw_comments_find(comments, (TwSpot){TW_SPOT_TOP, 0}, false);
    const char *above =
        tw_comments_find(comments, (TwSpot){TW_SPOT_VERSION, 0}, false);
    g_autofree char *all =
        g_strconcat(top ? top : "", above ? above : "", NULL);
    g_auto(GStrv) lines = g_strsplit(all, "\n", -1);
    g_autofree char *start = g_strconcat(word, ": ", NULL);

    for (char **line = lines; *line; line++) {
        const char *text = g_strchug(*line);

        if (g_str_has_prefix(text, start) && n-- == 0) {
            return g_strstrip(g_strdup(text + strlen(start)));
        }
    }
    return NULL;
}
