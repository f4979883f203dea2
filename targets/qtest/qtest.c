/* SPDX-License-Identifier: MIT */
/* See qtest.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "targets/qtest/internal.h"

enum { MOST_REPLY = 64 }; /* bytes of one line */

/* The last command of each exchange, and the only one with this reply. */
static const char last_command[] = "endianness\n", last_reply[] = "OK little\n";

static void put(Machine *m, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(Machine *m, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(m->tell ? m->tell : m->out, format, args);
    va_end(args);
    *(m->tell ? &m->n_told : &m->n_out) += 1;
}

void tw_qtest_tell_read(Machine *m, uint64_t pa, unsigned n)
{
    put(m, "%s 0x%llx\n",
        n == 8   ? "readq"
        : n == 4 ? "readl"
                 : "readb",
        (unsigned long long)pa);
}

void tw_qtest_tell_bytes(Machine *m, uint64_t pa, unsigned n)
{
    put(m, "read 0x%llx %u\n", (unsigned long long)pa, n);
}

void tw_qtest_put(Machine *m, uint64_t pa, const void *data, size_t n)
{
    const uint8_t *bytes = data;

    if (!m->tell) {
        memcpy(m->ram + (pa - m->driver->ram), data, n);
        return;
    }
    put(m, "write 0x%llx %zu 0x", (unsigned long long)pa, n);
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(m->tell, "%02x", bytes[i]);
    }
    g_string_append_c(m->tell, '\n');
}

void tw_qtest_writeb(Machine *m, uint64_t pa, uint8_t value)
{
    put(m, "writeb 0x%llx 0x%x\n", (unsigned long long)pa, value);
}

void tw_qtest_writew(Machine *m, uint64_t pa, uint16_t value)
{
    put(m, "writew 0x%llx 0x%x\n", (unsigned long long)pa, value);
}

void tw_qtest_writel(Machine *m, uint64_t pa, uint32_t value)
{
    put(m, "writel 0x%llx 0x%x\n", (unsigned long long)pa, value);
}

void tw_qtest_writeq(Machine *m, uint64_t pa, uint64_t value)
{
    put(m, "writeq 0x%llx 0x%llx\n", (unsigned long long)pa,
        (unsigned long long)value);
}

static void outl(Machine *m, uint16_t port, uint32_t value)
{
    put(m, "outl 0x%x 0x%x\n", port, value);
}

/* The value of a reply "OK" or "OK 0x..."; false: it is none. */
static bool read_reply(const char *line, size_t length, uint64_t *value)
{
    char text[MOST_REPLY], *end;

    *value = 0;
    if (length >= sizeof(text) || length < 2 || memcmp(line, "OK", 2) != 0) {
        return false;
    }
    if (length == 2) {
        return true;
    }
    memcpy(text, line, length);
    text[length] = '\0';
    if (strncmp(text, "OK 0x", 5) != 0) {
        return false;
    }
    *value = strtoull(text + 3, &end, 16);
    return *end == '\0' && end > text + 5;
}

/* One reply for each command, and no more; the value of the last. */
static bool read_replies(Machine *m, unsigned n, uint64_t *value)
{
    const char *at = m->process.said->str;
    const char *end = at + m->process.said->len - strlen(last_reply);

    for (unsigned i = 0; i < n; i++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at);

        if (!newline || !read_reply(at, length, value)) {
            snprintf(m->trace->text, sizeof(m->trace->text),
                     "reply %u of %u of qtest: expected OK, or OK 0x and a "
                     "number, not \"%.*s\"",
                     i + 1, n, (int)(length < 40 ? length : 40), at);
            return false;
        }
        at = newline + 1;
    }
    if (at != end) {
        snprintf(m->trace->text, sizeof(m->trace->text),
                 "qtest: expected %u replies, not more", n);
    }
    return at == end;
}

enum { DYING_MS = 2000 }; /* for the last words of a process that ends */

static void post_mortem(Machine *m, TwReply reply, char *text, size_t size)
{
    TwProcess *p = &m->process;

    tw_process_end(p, reply == TW_REPLY_ENDED ? DYING_MS : 0);
    if (reply == TW_REPLY_TIMEOUT) {
        snprintf(text, size, "QEMU did not answer in %u ms", m->timeout_ms);
    } else if (reply == TW_REPLY_BAD) {
        g_strlcpy(text, tw_observer_why(m->observer), size);
    } else if (reply != TW_REPLY_ENDED) {
        snprintf(text, size, "QEMU said more on qtest than it was asked");
    } else if (p->signal) {
        snprintf(text, size, "QEMU died of signal %d (%s)%s%.100s", p->signal,
                 g_strsignal(p->signal), p->complaint[0] ? ": " : "",
                 p->complaint);
    } else {
        snprintf(text, size, "QEMU ended with exit code %d%s%.100s", p->code,
                 p->complaint[0] ? ": " : "", p->complaint);
    }
}

void tw_qtest_lose(Machine *m, TwReply reply)
{
    TwTrace *trace = m->trace;
    char text[sizeof(trace->text)];

    m->broken = true;
    post_mortem(m, reply, text, sizeof(text));
    trace->end = reply == TW_REPLY_TIMEOUT ? TW_END_HUNG
                 : reply == TW_REPLY_ENDED ? TW_END_DIED
                 : reply == TW_REPLY_BAD && tw_observer_is_told(m->observer)
                     ? TW_END_EVENT
                     : TW_END_MALFORMED;
    trace->signal = m->process.signal;
    if (trace->text[0] == '\0') {
        g_strlcpy(trace->text, text, sizeof(trace->text));
    }
}

static bool exchange(Machine *m, uint64_t *value)
{
    unsigned n = m->n_out;
    TwReply reply;

    if (m->tell) {
        return true;
    }
    if (m->broken) {
        return false;
    }
    if (m->observer && !tw_observer_command(m->observer, true)) {
        tw_qtest_lose(m, TW_REPLY_BAD);
        return false;
    }
    g_string_append(m->out, last_command);
    reply = tw_process_ask(&m->process, m->out->str, m->out->len, last_reply,
                           (size_t)(n + 1) * MOST_REPLY, m->timeout_ms, NULL);
    g_string_truncate(m->out, 0);
    m->n_out = 0;
    if (reply != TW_REPLY_DONE) {
        tw_qtest_lose(m, reply);
        return false;
    }
    if (!read_replies(m, n, value)) {
        tw_qtest_lose(m, TW_REPLY_EXTRA);
        return false;
    }
    if (m->observer && !tw_observer_command(m->observer, false)) {
        tw_qtest_lose(m, TW_REPLY_BAD);
        return false;
    }
    return true;
}

bool tw_qtest_flush(Machine *m)
{
    uint64_t value;

    return exchange(m, &value);
}

/* A read is performed now, also while the rest is only told. */
static uint64_t ask(Machine *m, const char *command, uint64_t at)
{
    GString *tell = m->tell;
    uint64_t value;
    bool ok;

    m->tell = NULL;
    put(m, "%s 0x%llx\n", command, (unsigned long long)at);
    ok = exchange(m, &value);
    m->tell = tell;
    return ok ? value : 0;
}

uint64_t tw_qtest_readl(Machine *m, uint64_t pa)
{
    return ask(m, "readl", pa);
}

uint64_t tw_qtest_readq(Machine *m, uint64_t pa)
{
    return ask(m, "readq", pa);
}

/* The reply before the last one, which is that of last_command: "OK 0x" and two
 * digits for each byte. */
static bool take_bytes(const GString *said, uint8_t *bytes, unsigned n)
{
    size_t digits = 2 * (size_t)n, all = digits + 1 + strlen(last_reply);
    const char *text = said->str + said->len - all;

    if (said->len < all || strspn(text, "0123456789abcdef") != digits) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        char byte[3] = {text[2 * i], text[2 * i + 1], '\0'};

        bytes[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    return true;
}

void tw_qtest_read(Machine *m, uint64_t pa, uint8_t *bytes, unsigned n)
{
    uint64_t value;

    put(m, "read 0x%llx %u\n", (unsigned long long)pa, n);
    if (exchange(m, &value) && !take_bytes(m->process.said, bytes, n)) {
        snprintf(m->trace->text, sizeof(m->trace->text),
                 "qtest: expected a reply of %u bytes", n);
        tw_qtest_lose(m, TW_REPLY_EXTRA);
    }
}

static uint32_t inl(Machine *m, uint16_t port)
{
    return (uint32_t)ask(m, "inl", port);
}

static uint64_t config_address(const Machine *m, unsigned slot, unsigned offset)
{
    return m->driver->config == CONFIG_ECAM
               ? m->driver->ecam + ((uint64_t)slot << 15) + offset
               : 0x80000000 + ((uint64_t)slot << 11) + offset;
}

void tw_qtest_config_write(Machine *m, unsigned slot, unsigned offset,
                           uint32_t value)
{
    uint64_t at = config_address(m, slot, offset);

    if (m->driver->config == CONFIG_ECAM) {
        tw_qtest_writel(m, at, value);
        return;
    }
    outl(m, 0xcf8, (uint32_t)at);
    outl(m, 0xcfc, value);
}

uint32_t tw_qtest_config_read(Machine *m, unsigned slot, unsigned offset)
{
    uint64_t at = config_address(m, slot, offset);
    GString *tell;

    if (m->driver->config == CONFIG_ECAM) {
        return (uint32_t)tw_qtest_readl(m, at);
    }
    tell = m->tell; /* a read is performed, not told */
    m->tell = NULL;
    outl(m, 0xcf8, (uint32_t)at);
    m->tell = tell;
    return inl(m, 0xcfc);
}

bool tw_qtest_is_device(Machine *m, unsigned slot, uint32_t identity,
                        const char *name, char *why, size_t size)
{
    uint32_t found = tw_qtest_config_read(m, slot, 0);

    if (found != identity) {
        snprintf(why, size,
                 "expected the device 00:%02x.0 to be 0x%08x (%s), not 0x%08x",
                 slot, identity, name, found);
    }
    return found == identity;
}
