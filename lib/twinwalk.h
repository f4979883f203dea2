/* SPDX-License-Identifier: MIT */
/*
 * libtwinwalk: programs, the oracle and the judge of twinwalk, for people who
 * test the memory system of an emulator inside the emulator's own process.
 *
 *     pkg-config --cflags --libs twinwalk
 *
 * The way of one program:
 *
 *  1. Say what your emulator can express, once: a TwDialect (dialect.h), and
 *     what its caches promise: a TwContract.
 *  2. Get a program: tw_generate() makes a random one inside the dialect;
 *     tw_program_decode() makes one of any bytes, for fuzzing engines;
 *     tw_program_load() and tw_program_parse() read a case.
 *  3. Run it on your side and note what happened in a TwTrace (trace.h).
 *     program/LANGUAGE.md, which is installed beside the documentation, says
 *     what each operation does.  content.h has what RAM contains at the start,
 *     what a store writes and what a device answers; tw_legality_step() says
 *     which operations are to be skipped.
 *  4. tw_judge() compares the trace with the oracle, and names what is wrong.
 *
 * lib/example/emulator.c does all of this in some 150 lines; it is installed
 * with the documentation.
 *
 * Functions allocate with glib, and abort if there is no memory.  A TwOracle
 * serves one thread at a time; all else has no state.  The library has no
 * stable ABI before version 1: the soname changes when the ABI does.
 */
#ifndef TWINWALK_H
#define TWINWALK_H

#include "fuzz/generate/generate.h" /* random programs */
#include "oracle/judge/judge.h"     /* the oracle and the judge */
#include "program/bytes/bytes.h"    /* programs as bytes */
#include "program/content.h"        /* what bytes are made of */
#include "program/dialect.h"        /* dialects and contracts */
#include "program/entry.h"          /* entries of page tables by their fields */
#include "program/finding.h"        /* verdicts, findings, keys */
#include "program/layout.h"         /* formats of page tables */
#include "program/legality.h"       /* which operations are legal */
#include "program/model.h"          /* programs */
#include "program/ops.h"            /* the table of operations */
#include "program/path.h"           /* machines with an IOMMU of their own */
#include "program/text/text.h"      /* programs and traces as text */
#include "program/trace.h"          /* what a target did */

#endif
