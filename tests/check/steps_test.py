"""Shows that tools/test counts right: what it closes with, when it fails, and what it makes of a ctest report."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
import unittest.mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools"))
import test_steps  # noqa: E402
import tidy  # noqa: E402

REPORT = """<testsuite>
  <testcase name="storage/it holds" status="run"/>
  <testcase name="storage/it holds again" status="run"/>
  <testcase name="storage/it breaks" status="fail"><failure/><system-out>expected 1, was 2</system-out></testcase>
  <testcase name="tools/it needs files" status="notrun">
    <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/><system-out>left out</system-out></testcase>
  <testcase name="test_events_NOT_BUILT-98e47c4" status="notrun">
    <skipped message="Unable to find executable: test_events"/></testcase>
</testsuite>"""


def closing(tally):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = tally.close()
    return out.getvalue().splitlines(), code


class Counting(unittest.TestCase):
    def setUp(self):
        quiet = contextlib.redirect_stdout(io.StringIO())
        quiet.__enter__()
        self.addCleanup(quiet.__exit__, None, None, None)

    def test_the_last_line_is_the_sum_and_failures_are_named_before_it(self):
        tally = test_steps.Tally()
        tally.count("one", True)
        tally.count("two", False, "because")
        self.assertEqual(closing(tally), (["failed: two", "1 passed, 1 failed"], 1))

    def test_all_passing_is_success_and_nothing_run_is_failure(self):
        tally = test_steps.Tally()
        self.assertEqual(closing(tally), (["0 passed, 0 failed"], 1))
        tally.count("one", True)
        self.assertEqual(closing(tally), (["1 passed, 0 failed"], 0))

    def test_a_skipped_case_is_said_and_a_program_that_was_not_built_is_a_failure(self):
        tally = test_steps.Tally()
        test_steps.count_cases(tally, REPORT, "")
        lines, code = closing(tally)
        self.assertEqual(lines[-2:], ["1 left out", "2 passed, 2 failed"])
        self.assertEqual(lines[0], "left out: tools/it needs files")
        self.assertEqual(sorted(tally.failures), ["storage/it breaks", "test_events_NOT_BUILT-98e47c4"])
        self.assertEqual(code, 1)

    def test_a_report_without_cases_or_that_is_no_report_is_a_failure(self):
        for text in ("<testsuite/>", "", "<testsuite><testcase"):
            tally = test_steps.Tally()
            test_steps.count_cases(tally, text, "")
            self.assertEqual(len(tally.failures), 1, text)

    def test_a_step_that_cannot_start_or_exits_with_a_code_is_seen(self):
        code, log = test_steps.run("steps-test", [sys.executable, "-c", "print('said'); raise SystemExit(3)"])
        self.assertEqual((code, log.read_text()), (3, "said\n"))
        code, log = test_steps.run("steps-test", ["no-such-program-anywhere"])
        self.assertNotEqual(code, 0)
        self.assertIn("no-such-program-anywhere", log.read_text())
        log.unlink()

    def test_a_command_that_hangs_is_ended_with_what_it_started(self):
        waits = [sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '600'])"]
        code, log = test_steps.run("steps-test", waits, seconds=1)
        self.assertNotEqual(code, 0)
        self.assertIn("no more time", log.read_text())
        log.unlink()

    def test_a_step_whose_output_was_cleared_away_or_that_breaks_is_a_failure_and_the_next_one_runs(self):
        def cleared(tally):
            tally.count("cleared", False, test_steps.text_of(test_steps.LOGS / "no-such-folder" / "x.log"))

        def breaks(tally):
            raise FileNotFoundError("build/log/x.log")

        tally = test_steps.Tally()
        test_steps.step(tally, "one", cleared)
        test_steps.step(tally, "two", breaks)
        test_steps.step(tally, "three", lambda tally: tally.count("three", True))
        self.assertEqual(closing(tally), (["failed: cleared", "failed: two", "1 passed, 2 failed"], 1))


    def test_each_mode_runs_its_steps_and_what_has_no_time_left_is_said_to_be_left_out(self):
        def ran(mode, select=None, within=test_steps.CI_BEGINS_WITHIN):
            tally, names = test_steps.Tally(), []
            with unittest.mock.patch.object(test_steps, "step", lambda _, name, *__: names.append(name)), \
                    unittest.mock.patch.object(test_steps, "CI_BEGINS_WITHIN", within):
                test_steps.steps_of(tally, mode, select)
            return names, tally.skipped

        fast = ["build/release", "ctest", "check/clang-format"]
        self.assertEqual(ran("fast"), (fast, []))
        self.assertEqual(ran("ci"), ([*fast, "fuzz", "asan-ubsan", "tsan"], []))
        self.assertEqual(ran("all"), ([*fast, "fuzz", "asan-ubsan", "tsan", "check/clang-tidy", "long"], []))
        self.assertEqual(ran("all", "^storage/"), (["build/release", "ctest"], []))
        names, skipped = ran("ci", within=-1)
        self.assertEqual((names, [s.split(":")[0] for s in skipped]), (fast, ["fuzz", "asan-ubsan", "tsan"]))
        self.assertEqual(ran("all", within=-1)[1], [])

    def test_long_cases_that_cannot_be_run_are_a_failure(self):
        tally = test_steps.Tally()
        test_steps.long_cases(tally, ["no-such-program"])
        self.assertEqual(tally.failures, ["long/no-such-program"])


class TidyMemory(unittest.TestCase):
    def test_a_file_is_known_by_its_own_text_and_by_each_header_it_reaches(self):
        with tempfile.TemporaryDirectory() as folder:
            top = pathlib.Path(folder)
            (top / "events").mkdir()
            (top / "events/a.cpp").write_text('#include "events/a.h"\n')
            (top / "events/a.h").write_text('#include "b.h"\n')
            (top / "events/b.h").write_text("int b;\n")
            first = tidy.content_key(top, "events/a.cpp", "g++ a.cpp", b"14")
            self.assertEqual(tidy.content_key(top, "events/a.cpp", "g++ a.cpp", b"14"), first)
            self.assertNotEqual(tidy.content_key(top, "events/a.cpp", "g++ -O2 a.cpp", b"14"), first)
            self.assertNotEqual(tidy.content_key(top, "events/a.cpp", "g++ a.cpp", b"15"), first)
            (top / "events/b.h").write_text("int c;\n")
            self.assertNotEqual(tidy.content_key(top, "events/a.cpp", "g++ a.cpp", b"14"), first)


if __name__ == "__main__":
    unittest.main()
