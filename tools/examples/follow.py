#!/usr/bin/python3
"""Follows Tenure's feed over a WebSocket, with the `websockets` package (Debian: python3-websockets).

    TENURE_TOKEN=tnr_... tools/examples/follow.py ws://127.0.0.1:7400 --cursor-file feed.cursor
    TENURE_TOKEN=tnr_... tools/examples/follow.py ws://127.0.0.1:7400 --consumer my-collector

Prints each event as one line of JSON. Whatever ends the connection, or this program, the next one goes on behind what
was printed: either by a cursor that is kept here, or as a named consumer whose place the server keeps. What was printed
just before a crash may come again, with the same position; nothing is missed, and a position that is missing ends the
program. With filters (--query 'org=acme&type=member.added') or a token of some organizations positions have gaps: say
--gaps.
"""
import argparse
import asyncio
import json
import os
import sys
import time

import websockets

SAVE_EVERY_SECONDS = 0.2


class Missing(Exception):
    """A position did not come."""


class CursorFile:
    """Which position comes next, of which store; replaced as a whole, so that it is never half written."""

    def __init__(self, path):
        self.path, self.store, self.next = path, None, 1
        self.saved_at = 0.0
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                kept = json.load(file)
            self.store, self.next = kept["store"], kept["cursor"]

    def query(self):
        return f"cursor={self.next}" + (f"&store={self.store}" if self.store else "")

    def save(self, at_once=False):
        if not at_once and time.monotonic() - self.saved_at < SAVE_EVERY_SECONDS:
            return
        sys.stdout.flush()  # what the cursor is behind must have left first
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump({"store": self.store, "cursor": self.next}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)
        self.saved_at = time.monotonic()


class Follower:
    def __init__(self, asked):
        self.asked, self.seen, self.due = asked, 0, 0
        self.cursor = CursorFile(asked.cursor_file) if asked.cursor_file else None
        self.acknowledged = self.last = 0

    def done(self):
        enough = 0 < self.asked.count <= self.seen
        return enough and (self.cursor is not None or self.acknowledged >= self.last)

    def address(self):
        query = self.cursor.query() if self.cursor else f"consumer={self.asked.consumer}&cursor=1"
        return f"{self.asked.url}/v1/feed?{query}" + (f"&{self.asked.query}" if self.asked.query else "")

    async def take(self, feed, text):
        message = json.loads(text)
        if "version" not in message:  # hello, heartbeat, error, acknowledged
            print(text, file=sys.stderr)
            if message["type"] == "hello":
                self.due = message["cursor"]
                if self.cursor:
                    self.cursor.store = message["store"]
            elif message["type"] == "acknowledged":
                self.acknowledged = message["position"]
            elif message["type"] == "heartbeat" and self.cursor:  # all that matches came, up to here
                self.cursor.next = message["through"] + 1
                self.cursor.save()
            elif message["type"] == "heartbeat" and message["through"] > self.last:
                self.last = message["through"]
                await feed.send(json.dumps({"type": "ack", "position": self.last}))
            return
        if 0 < self.asked.count <= self.seen:  # only the acknowledgement is waited for
            return
        position = message["position"]
        if position < self.due or (position > self.due and not self.asked.gaps):
            raise Missing(f"position {position} came for {self.due}")
        self.due = position + 1
        print(text)
        self.seen += 1
        self.last = position
        if self.cursor:
            self.cursor.next = self.due
            self.cursor.save()
        else:
            sys.stdout.flush()
            await feed.send(json.dumps({"type": "ack", "position": position}))

    async def one_connection(self):
        headers = {"Authorization": "Bearer " + os.environ["TENURE_TOKEN"]}
        try:
            async with websockets.connect(self.address(), extra_headers=headers, max_size=64 * 1024 * 1024) as feed:
                async for text in feed:
                    await self.take(feed, text)
                    if self.done():
                        return
        finally:
            if self.cursor and self.cursor.store:
                self.cursor.save(at_once=True)


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="ws://HOST:PORT")
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--cursor-file", help="where the cursor is kept; made if it is not there")
    place.add_argument("--consumer", help="the name of a consumer; made if there is none")
    parser.add_argument("--query", default="", help="filters, as in the address")
    parser.add_argument("--gaps", action="store_true", help="positions may be left out")
    parser.add_argument("--count", type=int, default=0, help="end after so many events")
    follower = Follower(parser.parse_args())
    while not follower.done():
        try:
            await follower.one_connection()
            continue
        except (OSError, websockets.ConnectionClosed) as ended:
            print(f"{ended}; again in a second", file=sys.stderr)
        except websockets.InvalidStatusCode as refused:
            print(f"refused: {refused}", file=sys.stderr)
            if refused.status_code not in (429, 503):
                return 1
        except Missing as missing:
            print(missing, file=sys.stderr)
            return 1
        await asyncio.sleep(1)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:
        sys.exit(130)
