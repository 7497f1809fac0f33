"""clang-tidy over our sources, remembering by content what was found clean.

A file is checked again when it, one of our headers that it reaches, its compile command, .clang-tidy or the version
of clang-tidy changes; headers of the system are taken as fixed.
"""

import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess

TOOL = "clang-tidy-14"
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def reached(top, file, seen):
    """Adds to seen the file and every header of ours that it includes, directly or not."""
    if file in seen or not (top / file).is_file():
        return seen
    seen.add(file)
    for name in INCLUDE.findall((top / file).read_text(encoding="utf-8", errors="replace")):
        beside = (pathlib.PurePosixPath(file).parent / name).as_posix()
        reached(top, name if (top / name).is_file() else beside, seen)
    return seen


def content_key(top, file, command, fixed):
    digest = hashlib.sha256(fixed)
    digest.update(command.encode())
    for name in sorted(reached(top, file, set())):
        digest.update(name.encode() + b"\0" + (top / name).read_bytes())
    return digest.hexdigest()


def findings_of(top, build, file):
    result = subprocess.run([TOOL, "--quiet", "-p", str(build), file], cwd=top, capture_output=True, text=True,
                            errors="replace", stdin=subprocess.DEVNULL)
    if result.returncode == 0:
        return []
    lines = [line.replace(f"{top}/", "") for line in result.stdout.splitlines()
             if re.search(r": (warning|error): ", line)]
    return lines or [f"{file}: {TOOL} failed: {(result.stderr or result.stdout).strip()[-400:]}"]


def check(top, build, files, jobs):
    """Returns (findings as lines, how many files were known to be clean already)."""
    memory = top / "build" / "tidy-clean"
    memory.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TOOL, "--version"], capture_output=True, stdin=subprocess.DEVNULL).stdout
    fixed = version + (top / ".clang-tidy").read_bytes()
    try:
        entries = json.loads((build / "compile_commands.json").read_text())
    except OSError as error:
        return [f"no compile commands: {error}"], 0
    commands = {entry["file"]: entry["command"] for entry in entries}
    findings, todo, cached = [], [], 0
    for file in files:
        command = commands.get(str(top / file))
        if command is None:
            findings.append(f"{file}: not part of the build, so not looked at")
            continue
        key = content_key(top, file, command, fixed)
        if (memory / key).exists():
            cached += 1
        else:
            todo.append((file, key))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for (file, key), found in zip(todo, pool.map(lambda item: findings_of(top, build, item[0]), todo)):
            findings += found
            if not found:
                (memory / key).write_text(file + "\n")
    return sorted(set(findings)), cached
