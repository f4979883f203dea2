/* SPDX-License-Identifier: MIT */
/* All that the verbs share. */
#ifndef TW_CLI_COMMON_H
#define TW_CLI_COMMON_H

#include "cli/common/exit.h"
#include "cli/common/file.h"
#include "cli/common/json.h"
#include "cli/common/next.h"
#include "cli/common/options.h"
#include "cli/common/target.h"
#include "cli/common/terminal.h"
#include "cli/common/value.h"

#endif
