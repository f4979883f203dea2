#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests in C for QEMU's own suite, which emit --qtest writes of cases of virtual IOMMUs: they
# compile, with the functions of libqtest that they call, and fail while the defect is there.
# The functions are written here, so that the tests run the installed QEMU.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1/qemu-iommu
mkdir -p include/qemu
echo '#include <glib.h>' >include/qemu/osdep.h
cat >>include/qemu/osdep.h <<'END'
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
END
cat >include/libqtest.h <<'END'
typedef struct QTestState { FILE *in, *out; pid_t pid; } QTestState;

/* The reply to a command, without "OK". */
static const char *ask(QTestState *s, const char *command)
{
    static char reply[65536];

    g_assert(fprintf(s->in, "%s\n", command) > 0 && fflush(s->in) == 0);
    g_assert(fgets(reply, sizeof(reply), s->out) && !strncmp(reply, "OK", 2));
    return reply[2] == ' ' ? reply + 3 : "";
}

static QTestState *qtest_init(const char *arguments)
{
    static QTestState state;
    int to[2], from[2];

    g_assert(pipe(to) == 0 && pipe(from) == 0);
    state.pid = fork();
    if (state.pid == 0) {
        g_autofree char *command = g_strdup_printf(
            "exec \"$QTEST_QEMU_BINARY\" -display none -S -monitor none -serial none "
            "-qtest stdio -qtest-log none -accel tcg %s", arguments);

        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    state.in = fdopen(to[1], "w");
    state.out = fdopen(from[0], "r");
    close(to[0]);
    close(from[1]);
    return &state;
}

#define WRITE(name, address, value) \
    static inline void qtest_##name(QTestState *s, address at, value what) \
    { \
        g_autofree char *command = g_strdup_printf( \
            #name " 0x%" PRIx64 " 0x%" PRIx64, (uint64_t)at, (uint64_t)what); \
        ask(s, command); \
    }
#define READ(name, address, value) \
    static inline value qtest_##name(QTestState *s, address at) \
    { \
        g_autofree char *command = \
            g_strdup_printf(#name " 0x%" PRIx64, (uint64_t)at); \
        return (value)g_ascii_strtoull(ask(s, command), NULL, 16); \
    }
WRITE(writeb, uint64_t, uint8_t)
WRITE(writew, uint64_t, uint16_t)
WRITE(writel, uint64_t, uint32_t)
WRITE(writeq, uint64_t, uint64_t)
WRITE(outl, uint16_t, uint32_t)
READ(readb, uint64_t, uint8_t)
READ(readl, uint64_t, uint32_t)
READ(readq, uint64_t, uint64_t)

static inline void qtest_memwrite(QTestState *s, uint64_t at, const void *data,
                                  size_t size)
{
    GString *command = g_string_new(NULL);

    g_string_printf(command, "write 0x%" PRIx64 " %zu 0x", at, size);
    for (size_t i = 0; i < size; i++) {
        g_string_append_printf(command, "%02x", ((const uint8_t *)data)[i]);
    }
    ask(s, command->str);
    g_string_free(command, TRUE);
}

static inline void qtest_memread(QTestState *s, uint64_t at, void *data,
                                 size_t size)
{
    g_autofree char *command =
        g_strdup_printf("read 0x%" PRIx64 " %zu", at, size);
    const char *reply = ask(s, command) + strlen("0x");

    for (size_t i = 0; i < size; i++) {
        char two[3] = {reply[2 * i], reply[2 * i + 1], 0};

        ((uint8_t *)data)[i] = (uint8_t)g_ascii_strtoull(two, NULL, 16);
    }
}

static inline void qtest_quit(QTestState *s)
{
    fclose(s->in);
    fclose(s->out);
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
}
#define qtest_add_func g_test_add_func
END

# compiles FILE: into ./case.
compiles()
{
    # shellcheck disable=SC2046,SC2086
    $CC -Wall -Wextra -Werror -Iinclude -o case "$1" $(pkg-config --cflags --libs glib-2.0)
}

# runs CODE: the test ends so; 1 is that an assertion failed.
runs()
{
    ended=0
    QTEST_QEMU_BINARY=$binary ./case >case.out 2>&1 || ended=$?
    [ $ended -eq 0 ] || ended=1
    [ $ended -eq "$1" ] && { [ $ended -eq 0 ] || grep -q 'ERROR:case.c:' case.out; } &&
        return 0
    cat case.out
    return 1
}

found=0
for case in "$cases"/*.tw; do
    base=$(basename "$case" .tw)
    target=$(sed -n 's/^# see it: .*--target \([^ ]*\) .*/\1/p' "$case")
    wide=$(sed -n 's/^# see it: .* \(--wide\) THIS-FILE$/\1/p' "$case")
    case $target in
    qemu-smmuv3*) binary=qemu-system-aarch64 ;;
    qemu-riscv*) binary=qemu-system-riscv64 ;;
    *) binary=qemu-system-x86_64 ;;
    esac
    replayed=0
    "$TWINWALK" replay --target "$target" ${wide:+"$wide"} --no-known "$case" \
        >replay.out 2>&1 || replayed=$?
    [ $replayed -eq 10 ] || continue # another version
    case $target in
    *-vhost | *-ats) # such a test cannot be the device
        exits 2 "$base is refused" "$TWINWALK" emit --qtest --target "$target" \
            ${wide:+"$wide"} "$case" -o none.c
        check 'with one line' grep -qx "twinwalk: $target: --qtest: .*" err.txt
        continue
        ;;
    esac
    found=$((found + 1))
    check "$base is emitted" "$TWINWALK" emit --qtest --target "$target" \
        ${wide:+"$wide"} "$case" -o case.c
    check "$base compiles" compiles case.c
    check "$base fails" runs 1
    case $base in
    A-table-rights) # without the load that fills the IOTLB, the store is refused
        sed '/ 0: /,/ 1: /{/qtest_writel(qts, 0x1002002c/d;}' case.c >other.c
        mv other.c case.c
        check "$base without the load compiles" compiles case.c
        check "$base without the load passes" runs 0
        ;;
    esac
done
if [ $found -eq 0 ]; then
    echo '1..0 # SKIP no QEMU shows one of the cases'
    exit 0
fi
# A disk controller that has no context any more cannot leave what it has read.
cat >lost.tw <<'EOF'
twinwalk 1
contents inert
region r0 iommu size 0x100000000 root s0 iommu i0
region r1 container size 0x100000000 root s1
region r2 ram size 0x400000 in r1 at 0x44000000
iommu i0 pagetable indexes 2 select requester to s1 format vtd-sl tables r2 base 0x44000000 levels 3 output-width 39 iotlb
setup
  entry i0 level 3 r2 0xd3008 = table 0x440d4000 rw
  entry i0 level 2 r2 0xd4108 = table 0x442d8000 rw
  entry i0 level 1 r2 0x2d8f98 = leaf 0x44205000 rw
  context i0 1 tables -> 0x440d3000 domain 1
script
  dma-map m1 of s0 0x443f3200 0x100 r rid=1
  context i0 1 none -> 0x440d3000 domain 1
  invalidate i0 context 1 0x44000000..0x44000fff
  invalidate i0 global 0 0x44000000..0x44000fff
  dma-read s0 0x443f3240 8 rid=1 via m1
EOF
if "$TWINWALK" targets --target qemu-vtd-ahci >/dev/null 2>&1; then
    for how in --qtest ''; do
        exits 2 "a load that leaves nothing is refused ($how)" "$TWINWALK" emit ${how:+"$how"} \
            --no-known --target qemu-vtd-ahci lost.tw -o none.c
        check 'with one line' grep -qx 'twinwalk: qemu-vtd-ahci: expected a device that may go on .*' err.txt
    done
    sed 's/^  context i0 1 none.*/  entry i0 level 1 r2 0x2d8f98 = leaf 0x44206000 rw/' lost.tw >kept.tw
    exits 0 'one that leaves it is not' "$TWINWALK" emit --qtest --no-known --target qemu-vtd-ahci \
        kept.tw -o none.c
fi
# A start of a QEMU takes long: emit runs the case twice to see that its finding recurs, once with
# contents that can be read, once for what the script needs, and twice for the entry of the list.
if "$TWINWALK" targets --target qemu-vtd >/dev/null 2>&1; then
    # shellcheck disable=SC2016  # for that script
    printf '%s\n' '#!/bin/sh' '[ "$1" = --version ] || echo start >>"$STARTS"' \
        'exec qemu-system-x86_64 "$@"' >counting
    chmod +x counting
    exits 0 'a QEMU that is counted' env STARTS="$work/starts" "$TWINWALK" emit --target qemu-vtd \
        --qemu "$work/counting" "$1/qemu-iommu/C-silent-hit-vtd.tw" -o counted.sh
    check 'it starts no more often than it must' test "$(wc -l <starts)" -eq 6
fi
exits 2 'a target without such tests' "$TWINWALK" emit --qtest --target zoo:active-never-rearmed \
    "$1/zoo/active-never-rearmed.tw"
finish
