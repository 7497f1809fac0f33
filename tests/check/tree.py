"""What the checks look at: the files of a source tree, without what is built, kept or hidden."""

import pathlib
import sys

IGNORED_AT_TOP = {"build", "data"}


def files(top, suffixes=None):
    """Paths relative to top, sorted; suffixes such as {".h", ".cpp"} narrow them."""
    found, folders = [], [pathlib.Path(top)]
    while folders:
        for path in folders.pop().iterdir():
            relative = path.relative_to(top)
            if path.name.startswith(".") or path.name == "__pycache__" or relative.as_posix() in IGNORED_AT_TOP:
                continue
            if path.is_dir() and not path.is_symlink():
                folders.append(path)
            elif path.is_file() and (suffixes is None or path.suffix in suffixes):
                found.append(relative)
    return sorted(found)


def read(top, relative):
    return (pathlib.Path(top) / relative).read_text(encoding="utf-8", errors="replace")


def report(name, violations):
    """Prints what is wrong and gives the exit code."""
    for line in violations:
        print(line)
    print(f"{name}: {len(violations)} found" if violations else f"{name}: nothing found")
    return 1 if violations else 0


def top_from(arguments):
    return pathlib.Path(arguments[1] if len(arguments) > 1 else pathlib.Path(__file__).parent.parent.parent)


def main(name, check):
    sys.exit(report(name, check(top_from(sys.argv))))
