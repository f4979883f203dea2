# SPDX-License-Identifier: MIT
"""The harnesses of a night: where they are, how libFuzzer's are built and run, and
which bug each must find."""

import re
import shutil

# What must be found in each harness: a bug of the zoo; of libunicorn, what is
# known.  Those that judge twinwalk itself have a canary of their own.
BUGS = {
    "static": "rights-not-anded",
    "softmmu": "rights-not-anded",
    "iommu": "second-hop-unregistered",
    "check": "second-hop-unregistered",
    "invalidate": "victim-survives-page-flush",
    "topology": "commit-flush-own-as-only",
    "dma": "translated-low-bits-added",
    "cpus": "active-never-rearmed",
    "fault": "failed-observer-stays",
    "unicorn": "known",
}


def build_folder(night, build):
    """The build folder of libFuzzer's harnesses with a sanitizer, or --build."""
    return night.plain if night.options.build else \
        night.top / "build-nightly" / f"libfuzzer-{build}"


def program(night, harness, build, kind="fuzzer"):
    """The path of a harness; `kind` "canary": of its canary."""
    return build_folder(night, build) / "fuzz" / f"{harness}_{kind}"


def seeds(night, harness, build):
    """The folder of its seeds."""
    return build_folder(night, build) / "fuzz" / f"{harness}_fuzzer_seeds"


def drop_missing(night):
    """Harnesses of targets that are not installed are not built."""
    night.harnesses = [
        harness for harness in night.harnesses
        if (night.plain / "fuzz" / f"{harness}_fuzzer_seeds").exists()]


def build_libfuzzer(step, sanitizer):
    """Builds the harnesses, and the canaries of those that have one."""
    night = step.night
    folder = build_folder(night, sanitizer)
    if not (folder / "build.ninja").is_file():
        setup = ["meson", "setup", folder, "-Db_lundef=false",
                 "-Ddefault_library=static", "-Dfuzzing_instrumentation=true"]
        if sanitizer == "address":
            setup.append("-Db_sanitize=address,undefined")
        step.must(*setup, env=dict(night.env, CC=night.env.get("CC") or "clang"))
    made = []
    for harness in night.harnesses:
        made += [f"fuzz/{harness}_fuzzer", f"fuzz/{harness}_fuzzer.dict",
                 f"fuzz/{harness}_fuzzer_seeds.txt"]
        if harness not in BUGS:
            made.append(f"fuzz/{harness}_canary")
    return step.run("ninja", "-C", folder, "--quiet", *made)


def engine_options(night, harness):
    """The lines "name = value" of its .options, as libFuzzer's arguments."""
    path = night.top / "fuzz" / f"{harness}_fuzzer.options"
    return [f"-{name}={value}" for name, value in re.findall(
        r"^([a-z_]*) = (.*)", path.read_text(encoding="utf-8"), re.MULTILINE)]


def run(step, harness, build, folder, *arguments, kind="fuzzer", **how):
    """Runs a harness of libFuzzer in a folder, with its options and dictionary.
    Returns the exit code.  `how`: see Step.run."""
    night = step.night
    from_folder = build_folder(night, build) / "fuzz"
    shutil.copy(from_folder / f"{harness}_fuzzer.dict", folder)
    return step.run(program(night, harness, build, kind),
                    *engine_options(night, harness), *arguments, cwd=folder, **how)


def run_afl(step, harness, seconds, out, **how):
    """Runs a harness of AFL++ in one process.  The step `build-afl` has built it:
    shards that built it again would disturb each other.  Returns the exit code."""
    top = step.night.top
    return step.run(top / "ci/fuzz-engine", "afl", "--harness",
                    f"{harness}_fuzzer", "--time", str(seconds), "--jobs", "1",
                    "--sanitizer", "none", "--out", out, "--targets",
                    top / "build-engine/afl-none", **how)


def without_symbols(env):
    """The environment in which sanitizers do not name functions, which takes most
    of the time where a harness crashes often, each time in a new process."""
    changed = dict(env)
    for name in ("UBSAN_OPTIONS", "ASAN_OPTIONS"):
        before = env.get(name)
        changed[name] = f"{before + ':' if before else ''}symbolize=0"
    return changed
