# SPDX-License-Identifier: MIT
"""What ci/coverage runs so that as much as possible is reached: the corpus with
the verbs of the command, the zoo, harnesses, campaigns.  Knows nothing of
reports."""

import os
import re
import subprocess
import threading

# What the verbs may end with where a target cannot do something, or is wrong.
JUDGED = (0, 10, 11, 77)
WRITTEN = (0, 2, 10, 11, 77)

CAMPAIGNS = ("softmmu", "softmmu --steer", "softmmu --flush page",
             "softmmu --hide-locations", "softmmu --check",
             "softmmu --flush page --check --hide-locations --steer")
UNICORN_CAMPAIGNS = ("unicorn", "unicorn-ab", "unicorn-ab --no-known")
REFUSED = ("softmmu --contract strict", "softmmu:x",
           "zoo:rights-not-anded --hide-locations")


def say(text):
    """A line for people, at once."""
    print(f"ci/coverage: {text}", flush=True)


class Runs:
    """The runs of one measurement: where they write, and the worst exit code."""

    def __init__(self, top, build, out):
        self.top = top
        self.build = build
        self.out = out
        self.work = out / "work"
        self.log = out / "log"
        self.twinwalk = build / "cli/twinwalk"
        self.env = dict(os.environ, TWINWALK=str(self.twinwalk),
                        TWINWALK_CONFIG="",
                        LLVM_PROFILE_FILE="/dev/null")
        self.jobs = len(os.sched_getaffinity(0))
        self.worst = 0
        self.harnesses = sorted(
            path.name.removesuffix("_fuzzer_seeds")
            for path in (build / "fuzz").glob("*_fuzzer_seeds")
            if path.name != "zoo_fuzzer_seeds")  # it crashes, as it should
        self.has_unicorn = subprocess.run(
            [self.twinwalk, "targets", "--target", "unicorn"], env=self.env,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            check=False).returncode == 0

    def fail(self, code):
        """The exit code of the whole, unless something failed before."""
        self.worst = self.worst or code


class Place:
    """A folder to run commands in, with a log, and a name for their profiles."""

    def __init__(self, runs, profile, folder, log):
        self.runs = runs
        self.profile = profile
        self.folder = folder
        self.log = log
        folder.mkdir(parents=True, exist_ok=True)

    def step(self, name, codes, *command):
        """Runs a command.  An exit code that is not in `codes` is reported, and
        the others still run."""
        runs = self.runs
        words = [os.fspath(word) for word in command]
        # %c: counters live in the file; %2m: two files, shared by all processes.
        env = dict(runs.env, LLVM_PROFILE_FILE=str(
            runs.out / "raw" / f"{self.profile}-%c%2m.profraw"))
        with open(self.log, "ab") as log:
            log.write(f"== {name}: {' '.join(words)}\n".encode("utf-8", "replace"))
            log.flush()
            code = subprocess.run(words, cwd=self.folder, env=env, stdout=log,
                                  stderr=subprocess.STDOUT, check=False).returncode
        if code < 0:  # as a shell has it
            code = 128 - code
        if code not in codes:
            say(f"{name}: exit code {code}; see {runs.log}")
            runs.fail(99)

    def twinwalk(self, verb, codes, *arguments, name=None):
        """A verb of the command, as a step."""
        self.step(name or verb, codes, self.runs.twinwalk, verb, *arguments)

    def tell(self, target, case):
        """All verbs that say something about a case."""
        checked = [] if target.startswith("unicorn") else ["--check"]
        on = ("--target", target)
        self.twinwalk("replay", JUDGED, "--trace", *checked, *on, case,
                      name="trace")
        self.twinwalk("explain", JUDGED, *on, case)
        self.twinwalk("explain", JUDGED, "--json", *on, case)
        self.twinwalk("draw", WRITTEN, *on, case, "-o", "case.svg")
        self.twinwalk("emit", WRITTEN, *on, case, "-o", "case.c")

    def tell_case(self, case):
        """A case of the corpus, on the target that it is for."""
        target = target_of(case)
        if self.runs.has_unicorn or not target.startswith("unicorn"):
            self.tell(target, case)

    def tell_bug(self, slug):
        """A bug or mutant: the judge accuses, and the story is told, where
        something is wrong."""
        target = f"zoo:{slug}"
        found = self.folder / f"zoo-{slug}"
        self.twinwalk("run", (0, 10), "--target", target, "--jobs", "1",
                      "--programs", "300", "--replays", "1", "--out", found,
                      name=target)
        for case in sorted(found.glob("*-1.tw"))[:2]:
            self.tell(target, case)
            # Small ones have gaps in their numbers.
            self.twinwalk("min", (0, 10), "--target", target, case, "-o",
                          "small.tw")
            self.twinwalk("emit", (0, 2), "--target", target, "small.tw", "-o",
                          "small.c")


def target_of(case):
    """The target that a case is for, or that breaks its rules."""
    folder = case.parent.name
    if folder == "zoo":
        return f"zoo:{case.stem}"
    if folder in ("unicorn", "unicorn-ab"):
        return folder
    noted = re.search("^# (?:target: (.*)|broken by: ([a-z0-9-]*))",
                      case.read_text(encoding="utf-8"), re.MULTILINE)
    if not noted:
        return "softmmu"
    return noted.group(1) or f"zoo:{noted.group(2)}"


def work_off(runs, profile, items, work):
    """work(place, item) for each item: a worker for each core, each in a folder
    of its own, with a log of its own that is added to the log in the end."""
    places = [Place(runs, profile, runs.work / f"{profile}-{number}",
                    runs.out / f"log-{number}") for number in range(runs.jobs)]

    def do(place, mine):
        for item in mine:
            work(place, item)

    workers = [threading.Thread(target=do, args=(place, items[number::runs.jobs]),
                                daemon=True)
               for number, place in enumerate(places)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with open(runs.log, "ab") as log:
        for place in places:
            if place.log.exists():
                log.write(place.log.read_bytes())
                place.log.unlink()


def run_corpus(runs):
    """All cases, each with all verbs."""
    corpus = runs.top / "corpus"
    say("running the corpus")
    here = Place(runs, "corpus", runs.work, runs.log)
    here.step("corpus", (0,), "sh", corpus / "test-corpus.sh", corpus)
    work_off(runs, "corpus", sorted(corpus.glob("*/*.tw")), Place.tell_case)
    here.twinwalk("replay", (0, 10, 77), "--target", "softmmu",
                  *sorted((corpus / "unicorn").glob("*.tw")), name="others")
    here.twinwalk("check", (0, 10), "--check", "--want", "clean",
                  *[corpus / name for name in
                    ("corners", "examples", "regressions", "zoo")])


def slugs_of(top):
    """The names of all bugs and mutants of the zoo."""
    slugs = []
    for path in sorted((top / "targets/zoo").glob("*.def")):
        slugs += re.findall(r'^TW_ZOO_[A-Z_]*\("([a-z0-9-]*)"',
                            path.read_text(encoding="utf-8"), re.MULTILINE)
    return slugs


def run_zoo(runs):
    """All bugs and mutants; then targets with options that they do not have."""
    slugs = slugs_of(runs.top)
    say(f"running {len(slugs)} bugs and mutants of the zoo")
    work_off(runs, "zoo", slugs, Place.tell_bug)
    here = Place(runs, "zoo", runs.work, runs.log)
    for words in REFUSED:
        here.twinwalk("emit", (2,), runs.top / "corpus/zoo/rights-not-anded.tw",
                      "--target", *words.split(), name="refused")


def run_harnesses(runs, seconds):
    """Each harness from its seeds on, in `seconds` for all of them."""
    fuzz = runs.build / "fuzz"
    share = seconds // len(runs.harnesses)
    say(f"running {len(runs.harnesses)} harnesses, {share} s each, from their "
        "seeds on")
    for name in runs.harnesses:
        here = Place(runs, f"harness-{name}", runs.work, runs.log)
        seeds = fuzz / f"{name}_fuzzer_seeds"
        here.step(name, (0,), fuzz / f"{name}_fuzzer_standalone", seeds)
        engine = fuzz / f"{name}_fuzzer"
        if share > 0 and os.access(engine, os.X_OK):
            (runs.work / name).mkdir(exist_ok=True)
            here.step(name, (0,), engine, "-seed=1", f"-max_total_time={share}",
                      "-verbosity=0", name, seeds)


def run_campaigns(runs, seconds):
    """Random programs on softmmu in its modes and on libunicorn, in `seconds` for
    all of them."""
    campaigns = list(CAMPAIGNS)
    if runs.has_unicorn:
        campaigns += UNICORN_CAMPAIGNS
    share = max(1, seconds // len(campaigns))
    say(f"running {len(campaigns)} campaigns, {share} s each")
    here = Place(runs, "campaign", runs.work, runs.log)
    situations = runs.out / "situations"
    for words in campaigns:
        target = words.split()
        if target[0] == "softmmu":
            target += ["--coverage", situations]
        here.twinwalk("run", (0, 10), "--jobs", str(runs.jobs), "--time",
                      str(share), "--seed", "1", "--out", "found", "--target",
                      *target, name=words)
    Place(runs, "verbs", runs.work, runs.log).twinwalk("cover", (0,), situations)
    with open(runs.out / "cover.txt", "wb") as file:
        subprocess.run([runs.twinwalk, "cover", situations], env=runs.env,
                       stdout=file, check=False)
