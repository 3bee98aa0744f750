#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What scripts/test does once everything is installed; its --help says what the arguments mean."""
import argparse
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing.pool import ThreadPool

from results import FAILED, PASSED, SKIPPED, Result, judge, read_meson

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TREES = os.path.join(TOP, "build-test")
PARTS = ("lint", "unit", "model", "golden", "fuzz", "smoke")
NOT_UNIT = ["lint", "model", "golden", "fuzz"]  # meson's suites that are parts of their own
# Long tests that would only say the same a second time are in one of these suites besides.
NOT_IN = {"plain": ["sanitize-only"], "sanitize": ["plain-only"], "fuzz": []}
SMOKE_SECONDS = 300  # where a smoke test has no line "# timeout: SECONDS"

# name -> (options of meson setup, environment, what is built, multiplier of test timeouts)
# What sanitizers add takes four times as long to compile at -O3 as at -O1, and these trees run for minutes only.
# Lines for their reports are all that is wanted of debug information. A test may have to wait for its turn.
LINES = ["-Dwerror=true", "-Ddebug=false", "-Dc_args=-g1"]
SANITIZE = "-Db_sanitize=address,undefined"
SETUP = {
    "plain": (LINES, {}, [], 3),
    "sanitize": ([*LINES, SANITIZE, "-Doptimization=1", "-Dc_link_args=-fuse-ld=gold"], {}, [], 6),
    "fuzz": ([*LINES, SANITIZE, "-Db_lundef=false", "-Doptimization=1"], {"CC": "clang"}, ["fuzz"], 3),
}
NEEDS = {"lint": ("plain",), "unit": ("plain", "sanitize"), "model": ("plain", "sanitize"),
         "golden": ("plain", "sanitize"),
         "fuzz": ("fuzz",), "smoke": ("plain", "sanitize")}

# Any finding ends the program with 99, which no program of ours and no test gives by itself, and goes
# to a file too: a gateway that a test started and whose end it does not look at is found by that.
SANITIZER = "exitcode=99:halt_on_error=1:abort_on_error=0:print_stacktrace=1"
ASAN = SANITIZER + ":detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"


def sanitizer_env(prefix):
    suppressions = os.path.join(TOP, "tests", "lsan.supp")
    lsan = "print_suppressions=0"
    if os.path.exists(suppressions):
        lsan += f":suppressions={suppressions}"
    return {"ASAN_OPTIONS": f"{ASAN}:log_path={prefix}", "UBSAN_OPTIONS": f"{SANITIZER}:log_path={prefix}",
            "LSAN_OPTIONS": lsan}


class Run:
    def __init__(self, args):
        self.args, self.results, self.good_trees = args, [], set()
        self.built = {tree: threading.Event() for tree in SETUP}
        self.going, self.over = set(), False  # programs; whether no more are to begin
        self.behind = []  # before a command that works while smoke tests, which mostly wait, run beside it
        self.logs = os.path.join(TREES, "logs")
        os.makedirs(self.logs, exist_ok=True)

    def stage(self, name, what):
        """One line: the stage, its time, its counts."""
        begin = time.monotonic()
        found = what()
        self.results += found
        counts = [f"{n} {o}" for o in (PASSED, FAILED, SKIPPED)
                  if (n := sum(r.outcome == o for r in found)) or o == PASSED]
        print(f"{name:<18}{time.monotonic() - begin:7.1f} s   {', '.join(counts)}", flush=True)

    def command(self, log, argv, env=None, timeout=1200):
        """(exit status, output); the output goes to a file beside the trees too."""
        if self.over:
            return 1, "interrupted\n"
        with open(os.path.join(self.logs, log + ".log"), "w+", encoding="utf-8", errors="replace") as f:
            p = subprocess.Popen(argv, cwd=TOP, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                                 stdout=f, stderr=subprocess.STDOUT, start_new_session=True)
            self.going.add(p)
            try:
                code = p.wait(timeout)
            except subprocess.TimeoutExpired:
                code = stop(p)
            finally:
                self.going.discard(p)
            f.flush()
            f.seek(0)
            return code, f.read()

    # ---- building

    def build(self, tree):
        options, env, targets, _ = SETUP[tree]
        where = os.path.join(TREES, tree)
        setup = [*self.behind, "meson", "setup", where] + options
        if os.path.exists(os.path.join(where, "build.ninja")):
            setup.append("--reconfigure")
        code, out = self.command(f"setup-{tree}", setup, env)
        if code != 0:  # an old tree may not fit any more (another compiler, an option gone)
            shutil.rmtree(where, ignore_errors=True)
            code, out = self.command(f"setup-{tree}", [*self.behind, "meson", "setup", where] + options, env)
        if code == 0:
            code, out = self.command(f"build-{tree}", [*self.behind, "ninja", "-C", where, "-k", "0", "-j",
                                                       str(self.args.jobs)] + targets, env)
        if code != 0:
            return [Result(f"build {tree}", FAILED, errors_of(out))]
        self.good_trees.add(tree)
        return [Result(f"build {tree}", PASSED)]

    # ---- tests of meson

    def meson(self, tree, suites, left_out=()):
        where, label = os.path.join(TREES, tree), f"{tree}:"
        log = "-".join([tree] + (list(suites) or ["unit"]))
        if tree not in self.good_trees:
            return [Result(f"{label} {'/'.join(suites) or 'unit'}", FAILED, "its tree was not built\n")]
        argv = [*self.behind, "meson", "test", "-C", where, "--no-rebuild", "--logbase", log, "--num-processes",
                str(self.args.jobs), "-t", str(SETUP[tree][3])]
        if self.behind:  # each test is a session of its own
            argv += ["--wrapper", shlex.join(self.behind)]
            log += "-" + os.path.basename(self.behind[0])  # so meson names the files then
        for s in suites:
            argv += ["--suite", s]
        for s in [*left_out, *NOT_IN[tree]]:
            argv += ["--no-suite", s]
        path = os.path.join(where, "meson-logs", log + ".json")
        if os.path.exists(path):
            os.unlink(path)
        reports = Reports(log)
        code, out = self.command("test-" + log, argv, reports.env)
        found = read_meson(path, label) if os.path.exists(path) else []
        if not found and "No suitable tests defined" in out:
            return [Result(f"{label} {'/'.join(suites)}", SKIPPED, "there are no such tests")]
        if not found or (code != 0 and not any(r.outcome == FAILED for r in found)):
            found.append(Result(f"{label} meson test", FAILED, f"exit status {code}\n{out}"))
        return found + reports.results(label)

    def lint(self):
        code, out = self.command("format", ["scripts/format", "--check", "--changed"])
        return self.meson("plain", ["lint"]) + judge("format", code == 0, False, out, f"exit status {code}")

    # ---- fuzzing

    def fuzz(self, target):
        """A short search from the corpus on; what it finds is kept. The seed is the same each time, so that a
        commit passes or fails for what is in it; a search for more takes another (and more time)."""
        exe = os.path.join(TREES, "fuzz", "tests", "fuzz", "fuzz_" + target)
        corpus = os.path.join(TOP, "tests", "fuzz", "corpus", target)
        kept = os.path.join(TREES, "fuzz-found", target + "-")
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="bridgehead-fuzz-") as found:
            code, out = self.command(f"fuzz-{target}", [
                *self.behind, exe, f"-max_total_time={self.args.fuzz_time}", f"-seed={self.args.fuzz_seed}",
                "-timeout=25", "-max_len=8192",
                "-print_final_stats=1", "-error_exitcode=1", f"-artifact_prefix={kept}", found, corpus])
        m = re.search(r"number_of_executed_units:\s*(\d+)", out)
        if code == 0 and m and int(m.group(1)) > 0:
            return [Result(f"fuzz search: {target}", PASSED, m.group(1))]
        return [Result(f"fuzz search: {target}", FAILED, f"exit status {code}; the input is in build-test/fuzz-found\n" +
                       out[-8000:])]

    def fuzz_all(self):
        exes = sorted(glob.glob(os.path.join(TREES, "fuzz", "tests", "fuzz", "fuzz_*")))
        targets = [os.path.basename(e)[5:] for e in exes if os.path.isfile(e) and os.access(e, os.X_OK)]
        if "fuzz" not in self.good_trees:
            return []  # said by the replay of the corpus
        with ThreadPool(self.args.jobs) as pool:
            return [r for found in pool.map(self.fuzz, targets, 1) for r in found]

    # ---- smoke tests

    def smoke(self, path, tree):
        name = f"{tree}: {os.path.basename(path)[:-3]}"
        if tree not in self.good_trees:
            return [Result(name, FAILED, "its tree was not built\n")]
        seconds = int(head_value(path, "timeout") or SMOKE_SECONDS) * (2 if tree == "sanitize" else 1)
        reports = Reports("smoke")
        env = {"BRIDGEHEAD_BUILD": os.path.join(TREES, tree), **reports.env}
        code, out = self.command(f"smoke-{tree}-{os.path.basename(path)}", ["/usr/bin/python3", path], env, seconds)
        how = f"not done in {seconds} s" if code == TIMED_OUT else f"exit status {code}"
        found = judge(name, code == 0, code == 77, out, how)
        if code == 0 and not any(": " in r.name[len(tree) + 2:] for r in found):
            found = [Result(name, FAILED, "ended well without a single result\n" + out)]
        return found + reports.results(name)

    def smoke_all(self):
        """Two side by side where there are two processors, the longest first: they wait more than they work, and every
        name that one makes is its own. Those with a line "# alone: WHY" run without another at the end. Builds and
        other tests that go on meanwhile get the time that these leave (scripts/lib/behind)."""
        paths = sorted(glob.glob(os.path.join(TOP, "tests", "smoke", "test_*.py")))
        if not paths:
            self.results.append(Result("smoke", SKIPPED, "there are no smoke tests"))
        smokes = [(path, tree) for path in paths for tree in NEEDS["smoke"]
                if tree != "sanitize" or not (head_value(path, "sanitizer") or "").startswith("no")]
        smokes.sort(key=lambda t: (t[1] == "sanitize", -int(head_value(t[0], "timeout") or SMOKE_SECONDS)))

        def one(path, tree):
            self.built[tree].wait()
            short = os.path.basename(path)[5:-3]
            self.stage(f"smoke {short[:9]}{' san' if tree == 'sanitize' else ''}", lambda: self.smoke(path, tree))

        alone = [t for t in smokes if head_value(t[0], "alone")]
        with ThreadPool(min(2, self.args.jobs)) as pool:
            pool.starmap(one, [t for t in smokes if t not in alone], 1)
        for path, tree in alone:
            one(path, tree)

    # ---- all of it

    def tests_of(self, tree, parts):
        if tree == "plain" and "lint" in parts:
            self.stage("lint", self.lint)
        for part, suites, left_out in (
                ("unit", [], NOT_UNIT), ("golden", ["golden"], ()), ("model", ["model"], ())):
            if part in parts and tree in NEEDS[part]:
                self.stage(f"{part} {tree}", lambda s=suites, o=left_out: self.meson(tree, s, o))

    def all(self):
        """A tree's tests begin when it is built, while the next one is: what waits in one leaves its processor to
        another, and no stage's last test has the machine for itself."""
        parts = [p for p in PARTS if not self.args.parts or p in self.args.parts]
        going, beside = [], ThreadPool(len(SETUP))
        if "smoke" in parts:
            self.behind = [os.path.join(TOP, "scripts", "lib", "behind")]
        for tree in SETUP:
            if any(tree in NEEDS[p] for p in parts):
                self.stage(f"build {tree}", lambda t=tree: self.build(t))
            self.built[tree].set()
            if tree == "plain" and "smoke" in parts:
                smoke = beside.apply_async(self.smoke_all)
            if tree != "fuzz":
                going.append(beside.apply_async(self.tests_of, (tree, parts)))
        for tests in going:
            tests.get()
        if "fuzz" in parts:  # its search is for a time, so that it ends with less where others work
            self.stage("fuzz corpus", lambda: self.meson("fuzz", ["fuzz"]))
            self.stage("fuzz search", self.fuzz_all)
        if "smoke" in parts:
            smoke.get()

    def report(self):
        failed = [r for r in self.results if r.outcome == FAILED]
        skipped = [r for r in self.results if r.outcome == SKIPPED]
        passed = sum(r.outcome == PASSED for r in self.results)
        searched = [f"{r.name[13:]} {r.text}" for r in self.results
                    if r.name.startswith("fuzz search: ") and r.outcome == PASSED]
        if searched:
            print(f"\nfuzz inputs run: {', '.join(searched)}")
        if skipped:
            print("\nskipped:")
            for r in skipped:
                print(f"  {r.name}: {r.text}")
        for r in failed:
            print(f"\nFAILED {r.name}")
            for line in r.text.rstrip().splitlines():
                print("    " + line)
        print()
        print(f"{passed} passed, {len(failed)} failed" + (f", {len(skipped)} skipped" if skipped else ""), flush=True)
        return 0 if passed and not failed else 1


class Reports:
    """What sanitizers write while a stage runs, whoever started the program."""

    def __init__(self, name):
        self.folder = tempfile.mkdtemp(prefix=f"bridgehead-{name}-")
        os.chmod(self.folder, 0o1777)  # programs that dropped their rights write too
        self.env = sanitizer_env(os.path.join(self.folder, "report"))

    def results(self, label):
        found = []
        for name in sorted(os.listdir(self.folder)):
            with open(os.path.join(self.folder, name), encoding="utf-8", errors="replace") as f:
                text = f.read()
            if text.strip():
                found.append(Result(f"{label} sanitizer report {name}", FAILED, text))
        shutil.rmtree(self.folder)
        return found


TIMED_OUT = "timed out"


def stop(p):
    """Ends a program of ours and what it started in its session; first so that it can clean up."""
    for sig, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 20)):
        try:
            os.killpg(p.pid, sig)
            p.wait(seconds)
            break
        except (subprocess.TimeoutExpired, ProcessLookupError):
            continue
    return TIMED_OUT


def errors_of(out):
    """The part of a compiler's output that says what is wrong; all of it where that is short."""
    lines = out.splitlines()
    if len(lines) <= 120:
        return out
    at = [i for i, line in enumerate(lines) if re.search(r"error:|FAILED:|undefined reference|ERROR:", line)]
    keep = sorted({j for i in at[:20] for j in range(i, min(i + 6, len(lines)))})
    return "\n".join(lines[j] for j in keep) or "\n".join(lines[-60:])


def head_value(path, key):
    """The value of a comment "# KEY: VALUE" in the first lines of a script."""
    with open(path, encoding="utf-8") as f:
        for _, line in zip(range(20), f):
            m = re.match(rf"#\s*{key}:\s*(\S+)", line)
            if m:
                return m.group(1)
    return None


def main():
    ap = argparse.ArgumentParser(prog="scripts/test")
    ap.add_argument("parts", nargs="*", metavar="PART")
    ap.add_argument("--no-install", action="store_true")
    ap.add_argument("--fuzz-time", type=int, default=5)
    ap.add_argument("--fuzz-seed", type=int, default=1)
    ap.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    args = ap.parse_args()
    for p in args.parts:
        if p not in PARTS:
            ap.error(f"no part {p}; there are {' '.join(PARTS)}")
    run = Run(args)
    for s in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, lambda number, _: sys.exit(128 + number))
    try:
        run.all()
    finally:  # of a run that was interrupted
        run.over = True
        for p in list(run.going):
            stop(p)
    return run.report()


if __name__ == "__main__":
    sys.exit(main())
