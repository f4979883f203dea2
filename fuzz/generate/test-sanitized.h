/* SPDX-License-Identifier: MIT */
/* Is the test built with AddressSanitizer?  Then it makes fewer programs. */
#ifndef TW_FUZZ_GENERATE_TEST_SANITIZED_H
#define TW_FUZZ_GENERATE_TEST_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define TW_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TW_TEST_SANITIZED 1
#endif
#endif

#endif
