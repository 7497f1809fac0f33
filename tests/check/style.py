"""The house rules that a machine can see: lengths, names, READMEs, header comments, markers of unfinished work.

usage: style.py [source tree]
"""

import ast
import pathlib
import re

import tree

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 120
TEST_NAME_WORDS_MIN = 3

BANNED = {"manager", "helper", "util", "utils", "common", "data", "info", "process"}
CPP = {".h", ".cpp"}
# The house's own top-level folders; whatever else stands beside them is not ours to judge.
HOUSE = {"services", "events", "projections", "storage", "tests", "tools"}

TYPE_NAME = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:enum\s+class|enum|class|struct|union|concept|using)\s+"
                       r"(?:\[\[[^\]]*\]\]\s*)?([A-Za-z_]\w*)", re.MULTILINE)
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
OWN_PLACE = re.compile(r"(?<![\w.])/(home|root|Users|work)/")
# A coroutine lambda's captures die with the lambda, which is often before the coroutine does.
COROUTINE_LAMBDA = re.compile(r"\[[^\[\]]+\]\s*\([^)]*\)\s*(?:mutable\s*)?(?:noexcept\s*)?->\s*[\w:]*awaitable<")
TEST_CASE = re.compile(r'\b(?:TEST_CASE|TEMPLATE_TEST_CASE|SCENARIO)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)')


def words(name):
    """Splits snake_case and CamelCase."""
    return [w.lower() for w in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def check_names(file, text):
    found = []
    for part in pathlib.PurePosixPath(file).parts:
        banned = BANNED & set(words(part.split(".")[0]))
        if banned:
            found.append(f"{file}:1: '{part}' has the word {', '.join(sorted(banned))} in it, which names nothing")
    for match in TYPE_NAME.finditer(text):
        banned = BANNED & set(words(match.group(1)))
        if banned:
            line = text.count("\n", 0, match.start(1)) + 1
            found.append(f"{file}:{line}: the type {match.group(1)} has the word {', '.join(sorted(banned))} in it")
    return found


def cpp_functions(text):
    """(first line, length) of every body that closes at column 0 or 2, as clang-format lays functions out."""
    starts = {}
    for number, line in enumerate(text.splitlines(), 1):
        indent = len(line) - len(line.lstrip(" "))
        if indent not in (0, 2) or line.strip() == "":
            continue
        if line.rstrip() == " " * indent + "}" and indent in starts:
            yield starts[indent], number - starts[indent] + 1
        elif re.match(r"[A-Za-z_~]", line[indent:]):
            starts[indent] = number


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def check_lengths(file, text):
    found, lines = [], text.splitlines()
    if len(lines) > FILE_LINES_MAX:
        found.append(f"{file}:1: {len(lines)} lines; {FILE_LINES_MAX} are the most: is it one thing?")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            found.append(f"{file}:{number}: {len(line)} columns; {COLUMNS_MAX} are the most")
    functions = python_functions(text) if file.endswith(".py") else cpp_functions(text)
    for start, length in functions:
        if length > FUNCTION_LINES_MAX:
            found.append(f"{file}:{start}: a function of {length} lines; {FUNCTION_LINES_MAX} fit a screen")
    return found


def check_lines(file, text):
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if UNFINISHED.search(line):
            found.append(f"{file}:{number}: a marker of unfinished work: {line.strip()[:80]}")
        if OWN_PLACE.search(line):
            found.append(f"{file}:{number}: a path of one machine: {line.strip()[:80]}")
    return found


def check_cpp(file, text):
    found = []
    for match in COROUTINE_LAMBDA.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        found.append(f"{file}:{line}: a coroutine lambda with captures: pass them as parameters")
    if file.endswith(".h"):
        if not text.lstrip().startswith("//"):
            found.append(f"{file}:1: a header starts by saying what it is, who owns it and what it promises")
        if "#pragma once" not in text:
            found.append(f"{file}:1: no #pragma once")
    for match in TEST_CASE.finditer(text) if file.startswith("tests/") else ():
        name = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(1)))
        line = text.count("\n", 0, match.start()) + 1
        if ";" in name or "\\" in name:
            found.append(f"{file}:{line}: ctest cannot carry a ; or \\ in a test's name: {name}")
        if len(name.split()) < TEST_NAME_WORDS_MIN:
            found.append(f"{file}:{line}: a test's name is a sentence about behaviour: {name}")
    return found


def check_readmes(top, files):
    """A folder with sources has a README.md; the folders in tests/ have a line each in tests/README.md instead."""
    found = []
    for folder in sorted({path.parent.as_posix() for path in files if path.suffix in CPP | {".py"}}):
        parts = folder.split("/")
        if parts[0] not in HOUSE:
            continue
        if parts[0] == "tests" and len(parts) > 1:
            index = pathlib.Path(top) / "tests" / "README.md"
            if not index.exists() or f"`{parts[1]}/`" not in index.read_text(encoding="utf-8"):
                found.append(f"{folder}: tests/README.md does not name `{parts[1]}/`")
        elif not (pathlib.Path(top) / folder / "README.md").exists():
            found.append(f"{folder}: no README.md")
    return found


def check(top):
    files = [path for path in tree.files(top) if len(path.parts) == 1 or path.parts[0] in HOUSE]
    found = check_readmes(top, files)
    for path in files:
        file = path.as_posix()
        scripts = file in ("tools/run", "tools/test", "tools/install", "tools/bench")
        if path.suffix not in CPP | {".py", ".txt", ".cmake", ".md", ".json", ".yml"} and not scripts:
            continue
        text = tree.read(top, path)
        found += check_lines(file, text)
        if path.suffix in CPP | {".py"}:
            found += check_names(file, text) + check_lengths(file, text)
        if path.suffix in CPP:
            found += check_cpp(file, text)
    return found


if __name__ == "__main__":
    tree.main("style", check)
