/* SPDX-License-Identifier: MIT */
/* Nested IOMMUs: does an access go where all of them together say? */
#include "fuzz/harness/harness.h"

TW_FUZZER_OF_PROGRAMS("iommu_fuzzer")
