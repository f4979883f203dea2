/* SPDX-License-Identifier: MIT */
/*
 * Lists of properties that a virtio-iommu gives for an endpoint: right ones,
 * and what is said of wrong ones.
 */
#include <glib.h>
#include <string.h>

#include "targets/qtest/virtio-probe.h"

enum { SIZE = 128 };

static uint8_t bytes[SIZE];
static unsigned at;

static void begin(void)
{
    memset(bytes, 0, sizeof(bytes));
    at = 0;
}

/* A property of that type; its value is zeros. */
static void put(uint16_t type, uint16_t length)
{
    memcpy(bytes + at, &type, 2);
    memcpy(bytes + at + 2, &length, 2);
    at += 4u + length;
}

/* RESV_MEM. */
static void put_range(uint8_t subtype, uint64_t first, uint64_t last)
{
    uint8_t *value = bytes + at + 4;

    put(1, 20);
    value[0] = subtype;
    memcpy(value + 4, &first, 8);
    memcpy(value + 12, &last, 8);
}

/* NULL: nothing is wrong. */
static void expect(const char *what)
{
    char why[128] = "";
    bool right = tw_virtio_properties(bytes, SIZE, why, sizeof(why));

    if (what == NULL) {
        g_assert_cmpstr(why, ==, "");
        g_assert_true(right);
    } else {
        g_assert_cmpstr(why, ==, what);
        g_assert_false(right);
    }
    begin();
}

static void test_right(void)
{
    expect(NULL); /* none */
    put_range(1, 0xfee00000, 0xfeefffff);
    expect(NULL);
    put_range(0, 0, 0xfff);
    put_range(1, 0x1000, 0x1fff);
    put_range(0, 0x2000, UINT64_MAX);
    expect(NULL);
    put(7, 3); /* nobody knows it */
    put_range(0, 0x1000, 0x1000);
    expect(NULL);
    put(7, SIZE - 4); /* no byte is left */
    expect(NULL);
}

static void test_wrong(void)
{
    put(1, 24);
    expect("byte 0: expected RESV_MEM of 20 bytes, not 24");
    put(7, SIZE - 3);
    expect("byte 0: expected a property of 124 bytes at most, not 125");
    put(0x2001, 20);
    expect("byte 0: expected a type below 4096, not 0x2001");
    put_range(0, 0x2000, 0x1fff);
    expect("byte 0: expected a range, not 0x2000 to 0x1fff (RESV_MEM)");
    put_range(1, 0x1000, 0x1fff);
    put_range(1, 0x2000, 0x2fff);
    expect("byte 24: expected one range for interrupts (MSI) at most");
    put_range(1, 0x1000, 0x1fff);
    put_range(0, 0x1fff, 0x2fff);
    expect("byte 24: expected ranges that do not overlap, not 0x1fff to 0x2fff "
           "(RESV_MEM)");
    put_range(0, 0x1000, 0x1fff);
    bytes[7] = 1;
    expect("byte 0: expected RESV_MEM whose reserved bytes are 0");
    put_range(0, 0x1000, 0x1fff);
    bytes[SIZE - 1] = 1;
    expect("byte 24: expected zeros behind the last property");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/probe/right", test_right);
    g_test_add_func("/probe/wrong", test_wrong);
    return g_test_run();
}
