"""Shows that the style check finds each kind of slip, and lets pass what is right."""

import pathlib
import tempfile
import unittest

import style

README = {"events/README.md": "| file | what |\n", "tests/README.md": "| `storage/` | the store |\n"}
HEADER = "// A thing, owned by its maker.\n#pragma once\n"


def found_in(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**README, **files}.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return style.check(folder)


def function_of(lines, indent=""):
    head = f"{indent}void fold(int a,\n{indent}          int b) {{\n"
    return head + f"{indent}  a += b;\n" * (lines - 3) + f"{indent}}}\n"


class StyleCheck(unittest.TestCase):
    def refused(self, file, text, words):
        found = found_in({file: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])

    def allowed(self, file, text):
        self.assertEqual(found_in({file: text}), [])

    def test_files_are_at_most_500_lines(self):
        self.refused("events/a.cpp", "int a;\n" * 501, "501 lines")
        self.allowed("events/a.cpp", "int a;\n" * 500)

    def test_functions_are_at_most_70_lines(self):
        self.refused("events/a.cpp", function_of(71), "a function of 71 lines")
        self.refused("events/a.cpp", "class A {\n" + function_of(71, "  ") + "};\n", "a function of 71 lines")
        self.refused("events/a.py", "def fold():\n" + "    a = 1\n" * 70, "a function of 71 lines")
        self.allowed("events/a.cpp", function_of(70) + "\n" + function_of(70))

    def test_lines_are_at_most_120_columns(self):
        self.refused("events/a.cpp", "//" + "é" * 119 + "\n", "121 columns")
        self.allowed("events/a.cpp", "//" + "é" * 118 + "\n")

    def test_words_that_name_nothing_are_refused_in_names(self):
        self.refused("events/string_util.cpp", "int a;\n", "util")
        self.refused("events/a.cpp", "class ConnectionManager {};\n", "manager")
        self.refused("events/a.cpp", "enum class EventInfo { kOne };\n", "info")
        self.refused("events/a.cpp", "using HTTPData = int;\n", "data")
        self.refused("events/a.cpp", "struct [[nodiscard]] Helper {};\n", "helper")
        self.allowed("events/processing.cpp", "struct Database {};\nint common_ground(int data);\n")

    def test_a_header_says_what_it_is(self):
        self.refused("events/a.h", "#pragma once\nint a;\n", "a header starts by saying")
        self.refused("events/a.h", "// A thing.\nint a;\n", "#pragma once")
        self.allowed("events/a.h", HEADER)

    def test_every_folder_with_sources_has_a_readme(self):
        self.refused("storage/a.cpp", "int a;\n", "no README.md")
        self.refused("tests/trial/a.cpp", "int a;\n", "does not name `trial/`")
        self.allowed("tests/storage/a.cpp", "int a;\n")

    def test_unfinished_work_and_places_of_one_machine_are_refused(self):
        self.refused("events/a.cpp", "// TO" "DO: finish\n", "unfinished")
        self.refused("events/README.md", "see /ho" "me/ana/notes\n", "a path of one machine")
        self.refused("tools/run", "cd /wo" "rk/main\n", "a path of one machine")
        self.allowed("events/a.cpp", "// GET /v1/work/items, ../home/x\n")

    def test_a_coroutine_lambda_may_not_capture(self):
        self.refused("events/a.cpp", "spawn([this](int a) -> asio::awaitable<void> { co_return; });\n", "captures")
        self.allowed("events/a.cpp", "spawn([](int a) -> asio::awaitable<void> { co_return; });\n")

    def test_the_name_of_a_test_is_a_sentence_that_ctest_can_carry(self):
        self.refused("tests/storage/a.cpp", 'TEST_CASE("append") {}\n', "a sentence about behaviour")
        self.refused("tests/storage/a.cpp", 'TEST_CASE("a record; and another one") {}\n', "cannot carry")
        self.allowed("tests/storage/a.cpp", 'TEST_CASE("a record is "\n          "read as it was written") {}\n')


if __name__ == "__main__":
    unittest.main()
