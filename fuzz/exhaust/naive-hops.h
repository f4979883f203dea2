/* SPDX-License-Identifier: MIT */
/*
 * The hops of a naive cache's world, and what IOTLBs may have recorded of them.
 * For naive.c only.
 */
#ifndef TW_FUZZ_EXHAUST_NAIVE_HOPS_H
#define TW_FUZZ_EXHAUST_NAIVE_HOPS_H

#include "fuzz/exhaust/naive.h"

uint64_t tw_naive_page_size(const Naive *n);

/* The leaf at an address of a space: the child of the root that wins, by
 * priority and then the newest; TW_NONE for a hole. */
uint8_t tw_naive_leaf(const Naive *n, uint8_t space, uint64_t addr,
                      uint64_t *offset);

/* Do all bytes of the page of this address have one leaf, or none? */
bool tw_naive_one_leaf(const Naive *n, uint8_t space, uint64_t addr);

bool tw_naive_is_iommu(const Naive *n, uint8_t region);

/* All that an IOMMU may answer: by its table, and by records.  Returns how
 * many. */
unsigned tw_naive_translations(const Naive *n, uint8_t iommu, uint64_t offset,
                               NaiveHop hops[NAIVE_RECORDS + 1]);

/* All that combined records may answer there.  Returns how many. */
unsigned tw_naive_pairs(const Naive *n, uint8_t iommu, uint64_t offset,
                        NaivePair pairs[NAIVE_PAIRS]);

/* IOTLBs may record what is there now. */
void tw_naive_record(Naive *n);

/* An UNMAP ends records at once, whoever caused it. */
void tw_naive_end_records(Naive *n, uint8_t iommu, uint64_t first,
                          uint64_t last);

/* So does a commit, of combined ones. */
void tw_naive_commit(Naive *n);

#endif
