#!/usr/bin/python3
"""Follows Tenure's feed as a named consumer, with the `websockets` package (Debian: python3-websockets).

    TENURE_TOKEN=tnr_... tools/examples/follow.py ws://127.0.0.1:7400 my-collector

Prints each event as one line of JSON, and acknowledges it once it is written. Whatever ends the connection, the next
one goes on behind what was acknowledged. --count N ends after N events; --cursor says where a new consumer begins.
"""
import argparse
import asyncio
import json
import os
import sys

import websockets


async def follow(address, token, count):
    """One connection. Returns how many events it brought."""
    seen = last = 0
    async with websockets.connect(address, extra_headers={"Authorization": "Bearer " + token},
                                  max_size=64 * 1024 * 1024) as feed:
        async for text in feed:
            message = json.loads(text)
            if "version" not in message:  # hello, heartbeat, error, acknowledged
                print(text, file=sys.stderr)
                if message["type"] == "acknowledged" and seen >= count > 0 and message["position"] >= last:
                    return seen
                continue
            if count and seen >= count:  # only the acknowledgement is waited for
                continue
            print(text, flush=True)
            seen += 1
            last = message["position"]
            await feed.send(json.dumps({"type": "ack", "position": message["position"]}))
    return seen


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("consumer")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--cursor", default="1")
    asked = parser.parse_args()
    address = f"{asked.url}/v1/feed?consumer={asked.consumer}&cursor={asked.cursor}"
    while True:
        try:
            if await follow(address, os.environ["TENURE_TOKEN"], asked.count) >= asked.count > 0:
                return 0
        except (OSError, websockets.ConnectionClosed) as ended:
            print(f"{ended}; again in a second", file=sys.stderr)
        except websockets.InvalidStatusCode as refused:
            print(f"refused: {refused}", file=sys.stderr)
            return 1
        await asyncio.sleep(1)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
