/* SPDX-License-Identifier: MIT */
/*
 * A drawing: the topology at one moment as SVG, with the expected path of an
 * access and the path that the target took.  The same scene and story always
 * give the same bytes.
 */
#ifndef TW_REPORTS_DRAW_DRAW_H
#define TW_REPORTS_DRAW_DRAW_H

#include "oracle/story/story.h"

/*
 * Appends a whole SVG document of `scene`.  `story` is the story of an access
 * in that scene, whose paths are drawn, or NULL.  `head`: lines at the top of
 * the drawing, ended by NULL.
 */
void tw_draw(const TwScene *scene, const TwStory *story,
             const char *const *head, GString *svg);

#endif
