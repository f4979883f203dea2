/* SPDX-License-Identifier: MIT */
/*
 * A drawing: the topology at one moment as SVG, and on it the way that an
 * access should go and the way that it was seen to go.  The same scene and
 * story always give the same bytes.
 */
#ifndef TW_REPORTS_DRAW_DRAW_H
#define TW_REPORTS_DRAW_DRAW_H

#include "oracle/story/story.h"

/*
 * Appends a whole SVG document.  `scene` is what is drawn.  With `story`, a
 * story of an access in that scene, its ways are drawn in, else NULL.  `head`:
 * lines that stand above all, ended by NULL.
 */
void tw_draw(const TwScene *scene, const TwStory *story,
             const char *const *head, GString *svg);

#endif
