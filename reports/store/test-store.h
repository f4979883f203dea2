/* SPDX-License-Identifier: MIT */
/* For tests: a store in a folder of its own, and what may be seen. */
#ifndef TW_REPORTS_STORE_TEST_STORE_H
#define TW_REPORTS_STORE_TEST_STORE_H

#include "reports/store/internal.h"

typedef struct Fixture {
    char *folder, *path; /* of a store, which is not there yet */
} Fixture;

void test_set_up(Fixture *f, gconstpointer data);
/* Removes the folder with all that is in it. */
void test_tear_down(Fixture *f, gconstpointer data);

/* To write; it must open. */
TwStore *test_open(const char *path);

/* What a statement that gives one number gives. */
int64_t test_number(TwStore *store, const char *sql);

/* A stale answer of softmmu; the strings must outlive it. */
TwStoreSight test_sight(int64_t run, const char *key, const char *sign,
                        const char *data);

#endif
