/* SPDX-License-Identifier: MIT */
/*
 * For tests: compares a drawing, read back from the SVG, with what was to be
 * drawn.
 */
#ifndef TW_REPORTS_DRAW_TEST_CHECK_H
#define TW_REPORTS_DRAW_TEST_CHECK_H

#include "oracle/story/story.h"

/*
 * All that is wrong with a drawing, a line each: labels that meet or leave
 * their boxes or the page, objects that are not drawn or not named, regions
 * that stand where they should not, ways that do not go where the story (or
 * NULL) says.  Free with g_ptr_array_unref().
 */
GPtrArray *test_faults(const TwScene *scene, const TwStory *story,
                       const char *document);

/* Has a way of that class ("tw-way tw-now") a corner in the region's box? */
bool test_way_passes(const char *document, const char *class_, uint8_t region);

unsigned test_steps_of(const TwTale *tale, TwStepKind kind);

#endif
