"""tools/run as a user has it: it builds, starts, prints three commands that answer, and starts again.

usage: run_test.py CHECKOUT      (with build/release built, or it is built now)
"""

import contextlib
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
PATIENCE_SECONDS = 240  # reaching it means that something hangs


def free_port():
    """One below those that the system gives out by itself, so that it is still free at the second start."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port")


def start(port, data):
    """Starts tools/run; gives it and its first lines, up to the last of the commands, and the seconds that took."""
    started = time.monotonic()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TENURE_")}
    server = subprocess.Popen(
        ["tools/run", "--listen", f"127.0.0.1:{port}", "--data", data], cwd=TOP, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True)
    signal.alarm(PATIENCE_SECONDS)
    lines = []
    for line in server.stdout:
        lines.append(line.rstrip("\n"))
        if "curl" in line:
            break
    signal.alarm(0)
    return server, lines, time.monotonic() - started


def stop(server):
    """Ctrl-C: the signal goes to the whole group, as from a terminal."""
    os.killpg(server.pid, signal.SIGINT)
    rest = server.stdout.read()
    assert server.wait(PATIENCE_SECONDS) == 0, f"exit code {server.returncode}: {rest}"
    assert "tenure: stopping" in rest, rest


def try_out(commands):
    who, can, curl = (subprocess.run(["bash", "-c", one], cwd=TOP, capture_output=True, text=True, timeout=60)
                      for one in commands)
    for ran in (who, can, curl):
        assert ran.returncode == 0, f"{ran.args[2]} ended with {ran.returncode}: {ran.stderr}{ran.stdout}"
    assert "ben@demo.test" in who.stdout and "cleo@demo.test" in who.stdout, who.stdout
    assert can.stdout.startswith("yes: maintain") and "OPS" not in can.stderr, can.stdout
    assert '"org.created"' in curl.stdout and '"next"' in curl.stdout, curl.stdout


def main():
    with tempfile.TemporaryDirectory(prefix="tenure-run-") as folder:
        port, data = free_port(), f"{folder}/data"
        for round_ in ("first", "second"):
            server, lines, took = start(port, data)
            commands = [line.strip() for line in lines if re.match(r"  (build/release/tenure|curl) ", line)]
            assert len(commands) == 3, "\n".join(lines)
            print(f"{round_} start: {took:.1f} s until the commands were shown")
            try_out(commands)
            if round_ == "first":
                taken = subprocess.run(["tools/run", "--listen", f"127.0.0.1:{port}"], cwd=TOP, capture_output=True,
                                       text=True, stdin=subprocess.DEVNULL, timeout=60)
                assert taken.returncode == 1 and "listens on" in taken.stderr, taken
            stop(server)
    print("three commands answered, twice")


if __name__ == "__main__":
    main()
