"""The steps of tools/test, in order: build, tests, checks, fuzzers, sanitizers, clang-tidy, long cases.

A step that fails, or breaks, does not stop the ones after it. Every ctest case, build, check and fuzzer counts as
one; the last line printed is `N passed, N failed` (and `, N skipped` where some were left out). The exit code is 0
only if something passed and nothing failed. Output of each step is kept under build/log/.
"""

import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
import xml.etree.ElementTree

sys.dont_write_bytecode = True
import tidy  # noqa: E402  (beside this file)

TOP = pathlib.Path(__file__).resolve().parent.parent
LOGS = TOP / "build" / "log"
CORES = os.cpu_count() or 2

# What is run again under sanitizers, by folder of tests/: under ASan+UBSan all that parses bytes from outside,
# keeps them or is concurrent; under TSan what has threads.
ASAN_FOLDERS = ["events", "storage", "services_http", "services"]
TSAN_FOLDERS = ["storage", "services_http", "services"]
# Continuous integration leaves the services on top of these to whoever runs everything: they are four fifths of what
# there is to compile. A step is begun there only if it can still be expected to end in time, and left out else.
CI_ASAN_FOLDERS = ["events", "storage", "services_http"]
CI_TSAN_FOLDERS = ["storage", "services_http"]
CI_BEGINS_WITHIN = 55 * 60
# Debian's librocksdb is not built for TSan, which so cannot see the atomic reference counts that keep its threads apart
# (Version::Unref) and takes its memcmp of what another of its threads allocated or frees for a race. With this only
# calls out of our own code are looked at; what orders threads, mutexes say, is seen wherever it is.
TSAN_OPTIONS = "halt_on_error=1 second_deadlock_stack=1 ignore_noninstrumented_modules=1"
ASAN_OPTIONS = {"UBSAN_OPTIONS": "print_stacktrace=1",
                "LSAN_OPTIONS": f"suppressions={TOP / 'tools' / 'lsan.supp'}:print_suppressions=0"}
# What is left out under TSan: one thread that opens damaged stores hundreds of times, minutes of it, which ASan sees.
TSAN_LEAVES_OUT = "a flipped byte in"
# Programs with cases that ctest does not know, since each takes minutes: those tagged [.long].
LONG_PROGRAMS = ["test_tools"]
FUZZ_SECONDS = 30
SAY_EVERY_SECONDS = 30
# On two cores all of it takes about half of this. What hangs is ended here, so that the sum is said before whoever
# waits for it gives up.
MINUTES_MAX = 85
STARTED = time.monotonic()


class Tally:
    """What passed, failed and was skipped so far."""

    def __init__(self):
        self.passed, self.failures, self.skipped = 0, [], []

    def count(self, name, ok, detail=""):
        if ok:
            self.passed += 1
            print(f"  ok      {name}{': ' + detail if detail else ''}")
        else:
            self.failures.append(name)
            print(f"  FAILED  {name}")
            if detail:
                print("\n".join("          " + line for line in both_ends(detail.splitlines())))

    def close(self):
        for name in self.skipped:
            print(f"left out: {name}")
        for name in self.failures:
            print(f"failed: {name}")
        if self.skipped:
            print(f"{len(self.skipped)} left out")
        print(f"{self.passed} passed, {len(self.failures)} failed")
        return 0 if self.passed and not self.failures else 1


def both_ends(lines, first=50, last=30):
    """What is long without its middle: a test prints its seed first, and what differs last."""
    return lines if len(lines) <= first + last else [*lines[:first], "[…]", *lines[-last:]]


def heading(text):
    print(f"== {text}  [{time.strftime('%H:%M:%S')}]", flush=True)


def run(name, command, env=None, seconds=None):
    """Runs one command with its output in build/log/<name>.log, and says now and then how far it is.

    It and all that it started are ended when the time for everything is over, or after `seconds`.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    said = time.monotonic()
    left = STARTED + MINUTES_MAX * 60 - said if seconds is None else seconds
    with open(log, "w", encoding="utf-8", errors="replace") as out:
        try:
            child = subprocess.Popen(
                command, cwd=TOP, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, start_new_session=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        except OSError as error:
            out.write(f"{command[0]}: {error}\n")
            return 127, log
        ended = threading.Timer(max(left, 0), end, [child])
        ended.start()
        try:
            for line in child.stdout:
                out.write(line)
                if time.monotonic() - said > SAY_EVERY_SECONDS:
                    said = time.monotonic()
                    print(f"  …       {line.strip()[:110]}", flush=True)
            child.wait()
        except BaseException:
            end(child)
            raise
        finally:
            ended.cancel()
            child.stdout.close()
        if child.returncode == -signal.SIGKILL:
            out.write("error: ended, since there was no more time\n")
        return child.returncode, log


def end(child):
    """Ends a command of `run` with all that it started: they are a session of their own."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def text_of(log):
    """What a log says. That somebody cleared build/ meanwhile is no reason to stop counting."""
    try:
        return log.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"error: its output is gone: {error}\n"


def build(tally, preset, targets=(), configure=(), prefix=()):
    """Configures and builds one preset; True if all of it was built."""
    started = time.monotonic()
    env = {"CCACHE_SLOPPINESS": "pch_defines,time_macros"}
    code, log = run(f"{preset}-configure", ["cmake", "--preset", preset, *configure], env)
    if code == 0:
        # -k 0: one file that does not compile must not hide what the others have to say.
        command = [*prefix, "ninja", "-C", f"build/{preset}", "-k", "0", f"-j{CORES}", *targets]
        code, log = run(f"{preset}-build", command, env)
    tail = text_of(log)
    if code != 0:
        wrong = [line for line in tail.splitlines() if re.search(r"[Ee]rror: |FAILED: |undefined ", line)]
        tail = "\n".join((wrong or tail.splitlines())[:40]) + f"\nall of it: {log.relative_to(TOP)}"
    tally.count(f"build/{preset}", code == 0, tail if code else f"{time.monotonic() - started:.0f} s")
    return code == 0


def ctest(tally, preset, select=None, label="", prefix=(), env=None, leave_out=None):
    """Runs a build's cases in random order and counts each."""
    report = LOGS / f"{preset}-ctest.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = [*prefix, "ctest", "--test-dir", f"build/{preset}", f"-j{CORES}", "--schedule-random",
               "--output-on-failure", "--no-tests=error", "--output-junit", str(report)]
    started = time.monotonic()
    command += (["-R", select] if select else []) + (["-E", leave_out] if leave_out else [])
    run(f"{preset}-ctest", command, env)
    count_cases(tally, text_of(report), label)
    print(f"  ran in {time.monotonic() - started:.0f} s")


def count_cases(tally, report, label):
    """Counts every case of ctest's JUnit report. A program that was not built is a failure, not a skipped case."""
    # XML 1.0 has no control characters; what a failing test printed may.
    try:
        root = xml.etree.ElementTree.fromstring(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", report))
    except xml.etree.ElementTree.ParseError as error:
        tally.count(f"{label}ctest", False, f"no report of the tests: {error}")
        return
    cases, passed = root.findall("testcase"), 0
    for case in cases:
        name, skipped = label + case.get("name"), case.find("skipped")
        if case.get("status") == "run":
            passed += 1
        elif skipped is not None and (skipped.get("message") or "").startswith("SKIP_"):
            tally.skipped.append(name)
        else:
            why = f"{case.get('status')}, after {float(case.get('time') or 0):.0f} s, with no output"
            tally.count(name, False, case.findtext("system-out") or why)
    tally.passed += passed
    print(f"  {passed} of {len(cases)} cases passed")
    if not cases:
        tally.count(f"{label}ctest", False, "no case ran")


def sources(*folders):
    """Our C++ files, those of git and those not yet added, without what is ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.h", "*.cpp"],
        cwd=TOP, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout.split("\0")
    return sorted(f for f in set(listed) if f and (TOP / f).exists() and (not folders or f.split("/")[0] in folders))


def check_format(tally):
    files = sources()
    result = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *files], cwd=TOP, capture_output=True,
                            text=True, stdin=subprocess.DEVNULL)
    wrong = sorted({line.split(":")[0] for line in result.stderr.splitlines() if "clang-format-violations" in line})
    detail = "to mend it: clang-format-14 -i " + " ".join(wrong) if wrong else result.stderr
    tally.count("check/clang-format", bool(files) and result.returncode == 0,
                detail if result.returncode else f"{len(files)} files")


def check_tidy(tally):
    heading("clang-tidy")
    started = time.monotonic()
    files = [f for f in sources("events", "storage", "projections", "services", "tools") if f.endswith(".cpp")]
    findings, cached = tidy.check(TOP, TOP / "build/release", files, CORES)
    detail = f"{len(files)} files, {cached} of them unchanged, {time.monotonic() - started:.0f} s"
    tally.count("check/clang-tidy", bool(files) and not findings, "\n".join(findings) if findings else detail)


def has_tests(folder):
    return any((TOP / "tests" / folder).rglob("*.cpp"))


def sanitizer(tally, preset, folders, options):
    folders = [f for f in folders if has_tests(f)]
    # Where the kernel spreads addresses wider than TSan expects it dies at start; a fixed layout avoids that.
    fixed = ["setarch", os.uname().machine, "-R"]
    if preset != "tsan" or subprocess.run([*fixed, "true"], capture_output=True).returncode != 0:
        fixed = []
    heading(f"{preset}: {' '.join(folders)}")
    build(tally, preset, [f"test_{f}" for f in folders], prefix=fixed)
    leave_out = TSAN_LEAVES_OUT if preset == "tsan" else None
    ctest(tally, preset, f"^({'|'.join(folders)})/", f"{preset} ", fixed, options, leave_out)


def long_cases(tally, programs=LONG_PROGRAMS):
    """Runs the cases that are tagged [.long], which no other step does, one program after the other."""
    heading("long cases")
    for name in programs:
        started = time.monotonic()
        command = [f"build/release/{name}", "[long]", "--warn", "NoAssertions", "--warn", "NoTests", "-d", "yes"]
        code, log = run(f"long-{name}", command)
        said = text_of(log)
        ran = re.search(r"^(?:All tests passed|test cases:) .*$", said, re.MULTILINE)
        detail = f"{time.monotonic() - started:.0f} s" + (f", {ran.group(0)}" if ran else "")
        tally.count(f"long/{name}", code == 0 and ran is not None, detail if code == 0 else said)


def fuzz_one(name):
    """Runs one fuzzer for its time, from the seeds in tests/fuzz/corpus/<name>/ and what earlier runs found."""
    found = TOP / "build/fuzz/corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    seeds, words = TOP / "tests/fuzz/corpus" / name, TOP / "tests/fuzz" / f"{name}.dict"
    command = [f"build/fuzz/fuzz_{name}", f"-max_total_time={FUZZ_SECONDS}", "-timeout=20", "-rss_limit_mb=2048",
               "-print_final_stats=1", f"-artifact_prefix=build/fuzz/{name}-"]
    command += [f"-dict={words}"] if words.exists() else []
    command += [str(found)] + ([str(seeds)] if seeds.is_dir() else [])
    code, log = run(f"fuzz-{name}", command)
    text = text_of(log)
    ran = re.search(r"number_of_executed_units:\s*(\d+)", text)
    seed = re.search(r"Seed: (\d+)", text)
    ok = code == 0 and ran is not None and int(ran.group(1)) > 0
    return ok, f"{ran.group(1)} inputs, seed {seed.group(1) if seed else '?'}" if ok else text


def fuzzers(tally):
    names = sorted(f.stem.removeprefix("fuzz_") for f in (TOP / "tests/fuzz").glob("fuzz_*.cpp"))
    heading(f"fuzz: {' '.join(names)}")
    if not names or not build(tally, "fuzz", [f"fuzz_{n}" for n in names]):
        return
    with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
        for name, (ok, detail) in zip(names, pool.map(fuzz_one, names)):
            tally.count(f"fuzz/{name}", ok, detail)


def step(tally, name, function, *arguments):
    """One step. One that breaks is counted as failed, and the ones after it are run."""
    try:
        function(tally, *arguments)
    except Exception:  # whatever it is: the sum must be said
        tally.count(name, False, traceback.format_exc())


def steps_of(tally, mode, select):
    """Everything that `mode` has run: "all", "ci" or "fast"; `select` limits it to some cases."""
    heading("release build and its tests")
    # What did not compile shows up as a case that was not built; the rest is still worth running.
    step(tally, "build/release", build, "release", (), ["-DBUILD_TESTING=ON"])
    step(tally, "ctest", ctest, "release", select)
    if select:
        return
    heading("checks")
    step(tally, "check/clang-format", check_format)
    if mode == "fast":
        return
    asan, tsan = (ASAN_FOLDERS, TSAN_FOLDERS) if mode == "all" else (CI_ASAN_FOLDERS, CI_TSAN_FOLDERS)
    slow = [
        ("fuzz", fuzzers),
        ("asan-ubsan", sanitizer, "asan-ubsan", asan, ASAN_OPTIONS),
        ("tsan", sanitizer, "tsan", tsan, {"TSAN_OPTIONS": TSAN_OPTIONS}),
    ]
    if mode == "all":
        slow += [("check/clang-tidy", check_tidy), ("long", long_cases)]
    for name, *what in slow:
        if mode == "ci" and time.monotonic() - STARTED > CI_BEGINS_WITHIN:
            tally.skipped.append(f"{name}: this machine has no time left for it")
        else:
            step(tally, name, *what)


def main(arguments):
    mode = arguments[0] if arguments in (["fast"], ["ci"]) else "all"
    tally = Tally()
    steps_of(tally, mode, arguments[0] if arguments and mode == "all" else None)
    print(f"took {(time.monotonic() - STARTED) / 60:.1f} min")
    return tally.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
