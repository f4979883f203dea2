/* SPDX-License-Identifier: MIT */
/* What `twinwalk explain --json` prints. */
#ifndef TW_CLI_VIEW_EXPLAIN_H
#define TW_CLI_VIEW_EXPLAIN_H

#include "cli/common/common.h"
#include "oracle/story/story.h"

/* A story as members of the JSON object that is open (explain). */
void tw_explain_json(JsonBuilder *builder, const TwStory *story);

#endif
