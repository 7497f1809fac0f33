"""Judges OCSF messages, one JSON object a line, by the schema of their class: a line "valid" or "invalid" each.

usage: judge_ocsf.py FOLDER_OF_SCHEMAS MESSAGES
"""

import json
import pathlib
import sys

import jsonschema


def validators(folder):
    """By class_uid, which each schema states."""
    found = {}
    for file in sorted(pathlib.Path(folder).glob("*/*.schema.json")):
        schema = json.loads(file.read_text(encoding="utf-8"))
        found[schema["properties"]["class_uid"]["enum"][0]] = jsonschema.Draft202012Validator(schema)
    return found


def main():
    by_class = validators(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as messages:
        for line in messages:
            message = json.loads(line)
            validator = by_class.get(message.get("class_uid")) if isinstance(message.get("class_uid"), int) else None
            print("valid" if validator and validator.is_valid(message) else "invalid")


main()
