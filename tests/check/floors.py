"""Keeps the floors: who may include what. Linking alone cannot, since packages stand in the system's include path.

usage: floors.py [source tree]
"""

import posixpath
import re

import tree

FLOORS = {"events": 0, "storage": 1, "projections": 2, "services": 3, "tools": 4}

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')
ASIO = re.compile(r"^boost/(asio|beast)[/.]")
ROCKS = re.compile(r"^rocksdb/")
SOCKETS = re.compile(r"^(sys/(socket|epoll|un)\.h|netinet/|arpa/|netdb\.h|poll\.h)")
# events/ decides from what it is given: no I/O, clocks, threads or randomness.
IMPURE = re.compile(
    r"^(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|random|fstream|"
    r"iostream|filesystem|cstdio|stdio\.h|ctime|time\.h|unistd\.h|fcntl\.h|pthread\.h|sys/.*|openssl/rand\.h|"
    r"spdlog/.*)$")
IMPURE_CALL = re.compile(
    r"(::now\s*\(|\bstd::time\s*\(|\bgettimeofday\b|\bclock_gettime\b|\bgetenv\s*\(|\bRAND_bytes\b)")


def without_comment(line):
    return re.sub(r"//.*", "", line)


def may_use_rocksdb(file):
    return file.startswith(("storage/rocks/", "tests/", "tools/measure/"))


def may_use_whole_json(file):
    return file.endswith("_json.cpp") or file.startswith(("events/wire/", "tests/"))


def wrong_include(file, floor, own, system):
    """Why this file may not have this include, or None."""
    name = own or system
    target = posixpath.normpath(posixpath.join(posixpath.dirname(file), own)) if own and own.startswith(".") else name
    other = FLOORS.get(target.split("/")[0])
    if floor is not None and other is not None and other > floor:
        return f"includes {target}, which is a higher floor"
    if floor is not None and target.startswith("tests/"):
        return f"includes {target}: tests are no part of the program"
    if ROCKS.match(name) and not may_use_rocksdb(file):
        return f"includes <{name}>: RocksDB is known to storage/rocks/ only"
    if floor is not None and floor <= 2 and (ASIO.match(name) or SOCKETS.match(name)):
        return f"includes <{name}>: floors 0 to 2 know no event loop and no sockets"
    if floor == 0 and IMPURE.match(name):
        return f"includes <{name}>: events/ has no I/O, clocks, threads or randomness"
    if name == "nlohmann/json.hpp" and not may_use_whole_json(file):
        return "includes <nlohmann/json.hpp>: only *_json.cpp and events/wire/ may; headers take json_fwd.hpp"
    return None


def check_file(file, text):
    folder = file.split("/")[0]
    floor = FLOORS.get(folder)
    found, asio, rocks = [], False, False
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            asio = asio or bool(ASIO.match(match.group(1) or match.group(2)))
            rocks = rocks or bool(ROCKS.match(match.group(1) or match.group(2)))
            why = wrong_include(file, floor, match.group(1), match.group(2))
            if why:
                found.append(f"{file}:{number}: {why}")
        elif floor == 0 and IMPURE_CALL.search(without_comment(line)):
            found.append(f"{file}:{number}: events/ has no clocks, environment or randomness: {line.strip()}")
    if asio and rocks:
        found.append(f"{file}:1: Asio and RocksDB never meet in one file")
    return found


def check(top):
    found = []
    for path in tree.files(top, {".h", ".cpp"}):
        found += check_file(path.as_posix(), tree.read(top, path))
    return found


if __name__ == "__main__":
    tree.main("floors", check)
