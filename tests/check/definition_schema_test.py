"""The published JSON Schema of review definitions takes what the reader takes, and refuses what it can tell to be none;
tests/events/definition_test.cpp reads the same documents."""

import json
import pathlib
import unittest

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "events" / "review" / "definition.schema.json").read_text())
DOCUMENTS = json.loads((ROOT / "tests" / "events" / "review_definitions.json").read_text())


class DefinitionSchema(unittest.TestCase):
    def setUp(self):
        self.validator = jsonschema.Draft202012Validator(SCHEMA)

    def test_the_schema_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_it_takes_what_the_reader_takes(self):
        for name, document in DOCUMENTS["taken"].items():
            with self.subTest(name):
                self.assertEqual([fault.message for fault in self.validator.iter_errors(document)], [])

    def test_it_refuses_what_it_can_tell(self):
        for name, case in DOCUMENTS["refused"].items():
            with self.subTest(name):
                self.assertEqual(self.validator.is_valid(case["document"]), not case["schema"])


if __name__ == "__main__":
    unittest.main()
