"""Whether an example's configuration for a collector parses and says only what the collector's reference names.

usage: collector_options.py vector.toml|filebeat.yml

The collectors themselves are no Debian packages. Prints `address` and where it connects to, or what is wrong, and then
the exit code is 1. The options are those of Vector 0.50 (reference: sources/websocket, transforms/filter, sinks/file,
sinks/console) and of Filebeat 9 (reference: the streaming input, the file output).
"""

import pathlib
import re
import sys
import tomllib

import yaml

# By component type, dotted; "encoding.codec" is `encoding = {codec = …}` too. A value here is what it must match.
VECTOR = {
    "": {"data_dir": str},
    "sources.websocket": {
        "uri": r"wss?://\S+", "auth.strategy": "basic|bearer", "auth.token": str, "auth.user": str,
        "auth.password": str, "connect_timeout_secs": int, "initial_message": str, "initial_message_timeout_secs": int,
        "ping_interval": int, "ping_timeout": int, "ping_message": str, "pong_message": str,
        "decoding.codec": "json|bytes",
        "framing.method": str, "tls.enabled": bool, "tls.ca_file": str},
    "transforms.filter": {"inputs": list, "condition": str},
    "sinks.file": {
        "inputs": list, "path": str, "encoding.codec": "json|text|raw_message", "buffer.type": "disk|memory",
        "buffer.max_size": int, "buffer.when_full": "block|drop_newest", "acknowledgements.enabled": bool},
    "sinks.console": {"inputs": list, "target": "stdout|stderr", "encoding.codec": "json|text|raw_message"},
}
TIME = r"\d+(ms|s|m|h)"
FILEBEAT_STREAMING = {
    "type": "streaming", "stream_type": "websocket", "url": r"wss?://\S+", "url_program": str, "program": str,
    "state": dict, "auth.bearer_token": str, "auth.basic_token": str, "auth.custom.header": str,
    "auth.custom.value": str, "retry.max_attempts": int, "retry.wait_min": TIME, "retry.wait_max": TIME,
    "retry.blanket_retries": bool, "retry.infinite_retries": bool, "redact.fields": object, "redact.delete": bool,
    "keep_alive.enable": bool, "keep_alive.interval": TIME, "keep_alive.write_control_deadline": TIME, "timeout": TIME,
    "tags": list, "fields": dict, "enabled": bool, "processors": list}
FILEBEAT_OUTPUT = {"path": str, "filename": str, "rotate_every_kb": int, "number_of_files": int, "permissions": int}


class Wrong(Exception):
    """What a configuration says wrong."""


def flat(table, leaves, path=""):
    """Dotted names and values; tables that are options as they are stay whole."""
    for name, value in table.items():
        dotted = f"{path}.{name}" if path else str(name)
        if isinstance(value, dict) and dotted not in leaves:
            yield from flat(value, leaves, dotted)
        else:
            yield dotted, value


def check(where, table, known):
    for name, value in flat(table, known):
        if name not in known:
            raise Wrong(f"{where}: the reference names no option {name}")
        want = known[name]
        good = re.fullmatch(want, value) if isinstance(want, str) and isinstance(value, str) else (
            not isinstance(want, str) and isinstance(value, want) and not (want is int and isinstance(value, bool)))
        if not good:
            raise Wrong(f"{where}: {name} cannot be {value!r}")


def vector(file):
    config = tomllib.loads(file.read_text(encoding="utf-8"))
    made = {name for part in ("sources", "transforms") for name in config.get(part, {})}
    for part, components in config.items():
        if not isinstance(components, dict):
            check(file.name, {part: components}, VECTOR[""])
            continue
        for name, component in components.items():
            kind = f"{part}.{component.pop('type', '?')}"
            if kind not in VECTOR:
                raise Wrong(f"{name}: no component {kind} is known here")
            for source in component.get("inputs", []):
                if source not in made:
                    raise Wrong(f"{name}: its input {source} is not there")
            check(name, component, VECTOR[kind])
    return config["sources"]["tenure"]["uri"]


def filebeat(file):
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    for name, value in config.items():
        if name == "filebeat.inputs":
            for entry in value:
                check(name, entry, FILEBEAT_STREAMING)
        elif name == "output.file":
            check(name, value, FILEBEAT_OUTPUT)
        else:
            raise Wrong(f"the reference names no section {name}, or it is not known here")
    entry = config["filebeat.inputs"][0]
    for program in (entry["url_program"], entry["program"]):
        for opening, closing in ("()", "[]", "{}"):
            if program.count(opening) != program.count(closing):
                raise Wrong(f"a program has {opening} without {closing}")
    return entry["url"] + "?cursor=1"  # what url_program makes of it at first


def main():
    file = pathlib.Path(sys.argv[1])
    try:
        address = vector(file) if file.suffix == ".toml" else filebeat(file)
    except (Wrong, tomllib.TOMLDecodeError, yaml.YAMLError) as wrong:
        print(f"wrong: {wrong}")
        return 1
    print(f"address /{address.split('/', 3)[3]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
