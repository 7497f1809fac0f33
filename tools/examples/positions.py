#!/usr/bin/python3
"""Proves by positions that nothing is missing from what a client of the feed has written.

    tools/examples/positions.py FILE... [--from 1] [--to 1000]

Reads lines of JSON, from all the files together and in any order, and finds the position in each: `position` (native),
`metadata.sequence` (OCSF), `event.sequence` (ECS) or `id` beside `specversion` (CloudEvents), or within `message`
where a collector put the event there as a text. Prints how many positions there are, which are missing and which came
more than once. Exit code 0: none is missing between the first and the last; 1: some are; 2: no line has a position.
"""
import argparse
import collections
import json
import sys


def position_of(event):
    for path in (("position",), ("metadata", "sequence"), ("event", "sequence"), ("id",)):
        if path == ("id",) and "specversion" not in event:
            continue
        value = event
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            return int(value)
    inner = event.get("message")
    return position_of(json.loads(inner)) if isinstance(inner, str) and inner.startswith("{") else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--from", dest="first", type=int, help="the first position that must be there")
    parser.add_argument("--to", dest="last", type=int, help="the last one")
    asked = parser.parse_args()
    times = collections.Counter()
    for name in asked.files:
        with open(name, encoding="utf-8") as file:
            for line in file:
                line = line.lstrip("\ufeff")  # RFC 5424 has one before UTF-8
                if line.startswith("{"):
                    position = position_of(json.loads(line))
                    if position is not None:
                        times[position] += 1
    if not times:
        print("no line has a position")
        return 2
    first = min(times) if asked.first is None else asked.first
    last = max(times) if asked.last is None else asked.last
    missing = [position for position in range(first, last + 1) if position not in times]
    again = sum(count > 1 for count in times.values())
    print(f"{len(times)} positions from {min(times)} to {max(times)}; {len(missing)} missing"
          + (f" ({', '.join(map(str, missing[:10]))}{', …' if len(missing) > 10 else ''})" if missing else "")
          + f"; {again} came more than once")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
