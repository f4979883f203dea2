/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what a library says when it dies is not shown. */
#ifndef TW_CLI_VIEW_SILENT_H
#define TW_CLI_VIEW_SILENT_H

typedef struct TwSilence {
    int before, nowhere; /* descriptors, or -1 */
} TwSilence;

/* From here, standard error goes nowhere ... */
TwSilence tw_view_be_silent(void);
/* ... to here. */
void tw_view_speak(TwSilence silence);

#endif
