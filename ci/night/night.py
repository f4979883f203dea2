# SPDX-License-Identifier: MIT
"""One night: its folder, its store and its run, how a step is done and reported,
and what earlier nights left.  Knows nothing of what single steps do."""

import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import index
from .files import folders_in, read

SKIPPED = 77  # the exit code of a step that has nothing to do
GRACE = 10    # seconds that an interrupted command has to save its work
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Busy(Exception):
    """Another night is running in this folder."""


class Failure(Exception):
    """A step cannot go on.  `code` is the exit code to report."""

    def __init__(self, code):
        super().__init__(f"exit code {code}")
        self.code = code


class Interrupted(BaseException):
    """A signal ends the night.  No exception that a step may catch."""


def say(text):
    """Prints a line at once, in one write: steps run at the same time."""
    sys.stdout.write(f"ci/nightly: {text}\n")
    sys.stdout.flush()


def take_lock(out):
    """Locks a folder of nights for as long as this process lives.  No command
    inherits the file, so none that outlives a night keeps the next one waiting.
    Returns the open file, which must be kept; raises Busy."""
    file = open(out / "lock", "w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Busy from None
    return file


def send(children, number):
    """Sends a signal to commands and all their children."""
    for child in children:
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            pass


def has_ended(child):
    """Whether a command has ended, without taking its exit code from who waits."""
    try:
        return os.waitid(os.P_PID, child.pid,
                         os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


class Step:
    """A step while it is done: its log and its remarks."""

    def __init__(self, night, name):
        self.night = night
        self.name = name
        self.text = ""  # the last remark
        self.commands = []  # what it ran, as text for a shell
        self.path = night.folder / "logs" / f"{name}.log"
        self.log = open(self.path, "ab", buffering=0)

    def write(self, text):
        """Adds text to the log."""
        self.log.write(text.encode("utf-8", "replace"))

    def remark(self, text):
        """Says in a few words what the step did.  The last remark is reported."""
        self.text = text.replace("\t", " ").replace("\n", " ")
        with open(self.night.folder / "remarks" / self.name, "a",
                  encoding="utf-8") as file:
            file.write(f"{text}\n")

    def run(self, *command, output=None, log=None, **how):
        """Runs a command; what it prints goes to the log, or to the open file `log`.
        With `output`, a path, its standard output goes to that file and is then
        added to the log.  Returns the exit code.  `how`: see Night.call."""
        self.note_command(command, how.get("cwd"), how.get("env"))
        if output is None:
            return self.night.call(command, log or self.log, **how)
        with open(output, "wb") as file:
            code = self.night.call(command, file, errors=self.log, **how)
        self.write(read(output))
        return code

    def note_command(self, command, cwd, env):
        """Keeps a command for whoever wants to repeat the step."""
        text = shlex.join(os.fspath(word) for word in command)
        other = [f"{name}={value}" for name, value in (env or {}).items()
                 if self.night.env.get(name) != value]
        if other:
            text = f"env {shlex.join(other)} {text}"
        if cwd:
            text = f"(cd {shlex.quote(os.fspath(cwd))} && {text})"
        self.commands.append(" ".join(text.split()))

    def must(self, *command, **how):
        """The same; the step fails if the command does."""
        code = self.run(*command, **how)
        if code != 0:
            raise Failure(code)

    def measure(self, *figures):
        """Stores figures of this night, NAME=VALUE."""
        self.must(*self.night.note(*figures))


class Night:
    """One night, from its folder to its exit code."""

    def __init__(self, top, options):
        """Makes the folder of the night.  Raises Busy."""
        self.top = Path(top)
        self.options = options
        self.out = Path(options.out)
        # For its owner alone: it may hold findings that others should not see.
        (self.out / "nights").mkdir(parents=True, exist_ok=True)
        (self.out / "corpus").mkdir(exist_ok=True)
        self.out.chmod(0o700)
        self.lock = take_lock(self.out)
        self.store = self.out / "findings.db"
        self.began = time.time()
        self.folder = self.new_folder()
        self.name = self.folder.name
        self.tmp = self.folder / "tmp"
        self.env = dict(os.environ, TMPDIR=str(self.tmp),
                        TWINWALK_CONFIG="")
        self.plain = Path(options.build or self.top / "build")
        self.twinwalk = self.plain / "cli/twinwalk"
        self.run = None         # the number of the run in the store
        self.older = []         # folders of nights that were interrupted
        self.last = None        # the folder of the last whole night
        self.builds = []        # what harnesses are built with
        self.engines = list(options.engines)
        self.harnesses = list(options.harnesses)
        self.targets = []       # options of `twinwalk run`, as text
        self.absent = {}        # targets that are not there, and why
        self.emulators = {}     # labels of newer QEMUs, and what they stand for
        self.children = set()   # commands that are running
        self.stopping = False

    def new_folder(self):
        """A folder that is named for the time, with its empty list of steps."""
        name = time.strftime("%Y-%m-%d-%H%M%S", time.gmtime())
        folder = self.out / "nights" / name
        number = 1
        while True:
            try:
                folder.mkdir()
                break
            except FileExistsError:
                number += 1
                folder = folder.with_name(f"{name}-{number}")
        for part in ("logs", "tmp", "remarks"):
            (folder / part).mkdir()
        (folder / "steps.tsv").touch()
        return folder

    # Commands and steps -------------------------------------------------------

    def call(self, command, output, errors=subprocess.STDOUT, cwd=None, env=None):
        """Runs a command in the tree or in `cwd`.  Returns the exit code as a shell
        gives it: 127 if it cannot be started, 128 and the signal if it is killed.
        It is the first process of a session, so that all of it can be stopped."""
        if self.stopping:
            return 128 + signal.SIGTERM
        words = [os.fspath(word) for word in command]
        try:
            child = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                cwd=cwd or self.top, env=env or self.env, start_new_session=True)
        except OSError as error:
            say(f"{words[0]}: {error.strerror}")
            return 127
        self.children.add(child)
        if self.stopping:  # since we looked
            send([child], signal.SIGTERM)
        try:
            code = child.wait()
        finally:
            self.children.discard(child)
        return code if code >= 0 else 128 - code

    def step(self, name, work, *arguments, findings=()):
        """Does a step and reports it: a log, a line in steps.tsv, a line for people.
        `work(step, *arguments)` returns an exit code (None: 0); codes in `findings`
        mean that something was found.  Whatever goes wrong in it is reported, and
        the night goes on.  Returns False if the step failed."""
        if self.stopping:
            return False
        began = time.time()
        step = Step(self, name)
        with step.log:
            try:
                code = work(step, *arguments) or 0
                outcome = "finding" if code in findings else \
                    {0: "ok", SKIPPED: "skipped"}.get(code, "failed")
            except Failure as failure:
                code, outcome = failure.code, "failed"
            except Exception:  # whatever it is, the other steps still run
                step.write(traceback.format_exc())
                code, outcome = 1, "failed"
        if self.stopping:  # it was cut short: this says nothing
            return False
        text = step.text
        if outcome == "failed":
            text = f"{text + '; ' if text else ''}exit code {code}; logs/{name}.log"
        took = int(time.time() - began)
        # One write, so that the lines of steps that run at once do not mix.
        with open(self.folder / "steps.tsv", "ab", buffering=0) as file:
            file.write(f"{name}\t{outcome}\t{took}\t{text}\t"
                       f"{'; '.join(step.commands)}\n".encode(
                           "utf-8", "replace"))
        say(f"{time.strftime('%H:%M:%S')} {name}: {outcome}, {took} s"
            f"{'; ' + text if text else ''}")
        return outcome != "failed"

    def each(self, work, items):
        """work(item) for each item, --jobs of them at a time."""
        with ThreadPoolExecutor(self.options.jobs) as pool:
            for done in [pool.submit(work, item) for item in items]:
                done.result()

    def note(self, *words):
        """The command that notes something about this run in the store."""
        return (self.twinwalk, "note", "--store", self.store, "--run", self.run,
                *words)

    def measure(self, *figures):
        """Stores figures of this night outside a step.  A night without them is
        still a night."""
        self.call(self.note(*figures), None, errors=None)

    def note_news(self):
        """Something is new or has returned."""
        (self.folder / "news").touch()

    def has_news(self):
        """Whether something is."""
        return (self.folder / "news").exists()

    def has_failures(self):
        """Whether a step has failed so far."""
        return any(line.split("\t")[1] == "failed" for line in
                   read(self.folder / "steps.tsv").splitlines())

    def wants(self, step):
        """Whether --only names this group of steps."""
        return step in self.options.only

    # The run, and signals -----------------------------------------------------

    def begin(self):
        """Opens a run in the store.  Returns False if the store cannot be used."""
        done = subprocess.run(
            [self.twinwalk, "note", "--store", self.store, "--begin", "nightly",
             "--about", "all", "--owner", str(os.getpid()), "--options",
             f"--budget {self.options.budget} --jobs {self.options.jobs}"],
            stdout=subprocess.PIPE, text=True, env=self.env, check=False)
        if done.returncode != 0:
            return False
        self.run = done.stdout.strip()
        (self.folder / "run").write_text(f"{self.run}\n", encoding="utf-8")
        return True

    def end_run(self, outcome):
        """Closes the run in the store.  Returns False if that failed."""
        return self.call(self.note("--end", outcome), None, errors=None) == 0

    def listen(self):
        """From now on a signal that asks us to end stops all commands and raises
        Interrupted in the main thread.  What nohup or a shell has us ignore stays
        ignored."""
        def interrupt(_number, _frame):
            self.ignore_signals()
            self.stopping = True
            self.stop_commands()
            raise Interrupted
        for number in SIGNALS:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, interrupt)

    @staticmethod
    def ignore_signals():
        """A second signal must not disturb the end of the night."""
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def stop_commands(self):
        """Ends the commands that run, with their children: asks them, so that they
        save their work, and after GRACE seconds kills them."""
        running = list(self.children)
        send(running, signal.SIGTERM)
        late = time.monotonic() + GRACE
        while running and time.monotonic() < late:
            time.sleep(0.05)
            running = [child for child in running if not has_ended(child)]
        send(running, signal.SIGKILL)

    def interrupted(self):
        """Ends the run; the folder stays as it is for the next night."""
        self.stopping = False  # one more command
        if self.run:
            self.end_run("interrupted")
        say(f"interrupted; the next night takes up what is in {self.folder}")

    # Earlier nights -----------------------------------------------------------

    def take_up_older(self):
        """Finds what earlier nights left: the interrupted ones, whose runs are
        ended, the last whole one, and corpora whose merge was interrupted."""
        for folder in folders_in(self.out / "nights"):
            if (folder / "done").exists():
                self.last = folder
            elif folder != self.folder:
                self.older.append(folder)
        for folder in self.older:
            say(f"taking up {folder}, which was interrupted")
            run = read(folder / "run").strip()
            if run:
                self.call((self.twinwalk, "note", "--store", self.store, "--run",
                           run, "--end", "interrupted"), None, errors=None)
        for folder in folders_in(self.out / "corpus"):
            # A merge was interrupted between its last two renames.
            if folder.suffix == ".old" and not folder.with_suffix("").is_dir():
                folder.rename(folder.with_suffix(""))

    def unfinished(self):
        """The folders whose findings and inputs are to be taken: those of the
        interrupted nights, and ours."""
        return [*self.older, self.folder]

    def first_run(self):
        """The oldest run whose news are still news."""
        runs = [int(self.run)]
        for folder in self.older:
            run = read(folder / "run").strip()
            if run.isdigit():
                runs.append(int(run))
        return min(runs)

    def finish(self):
        """The night is whole: removes what only an interrupted one needs, and the
        oldest nights.  Everything that is to be kept is written by now."""
        if self.wants("triage") and self.wants("merge"):
            for folder in self.unfinished():
                shutil.rmtree(folder / "shards", ignore_errors=True)
                shutil.rmtree(folder / "tmp", ignore_errors=True)
        (self.folder / "done").touch()
        shutil.rmtree(self.tmp, ignore_errors=True)
        link = self.out / f".latest-{os.getpid()}"
        link.symlink_to(f"nights/{self.name}")
        link.replace(self.out / "latest")
        for folder in self.older:
            (folder / "done").touch()
        nights = folders_in(self.out / "nights")
        for folder in nights[:-self.options.keep]:
            shutil.rmtree(folder, ignore_errors=True)
        index.write_index(self.out)
        # Pages of coverage are large: those of the last two nights are kept.
        covered = [folder / "coverage" for folder in nights
                   if (folder / "coverage").is_dir()]
        for folder in covered[:-2]:
            shutil.rmtree(folder / "html", ignore_errors=True)
            shutil.rmtree(folder / "harness", ignore_errors=True)
