"""The published JSON Schema of access models is a schema, takes every shipped model and refuses what is no model."""

import copy
import json
import pathlib
import unittest

import jsonschema

MODELS = pathlib.Path(__file__).resolve().parents[2] / "events" / "model"
SCHEMA = json.loads((MODELS / "model.schema.json").read_text())
SHIPPED = {file.stem: json.loads(file.read_text()) for file in sorted((MODELS / "shipped").glob("*.json"))}


class ModelSchema(unittest.TestCase):
    def setUp(self):
        self.validator = jsonschema.Draft202012Validator(SCHEMA)
        self.github = copy.deepcopy(SHIPPED["github"])

    def faults(self, model):
        return ["/".join(map(str, fault.absolute_path)) for fault in self.validator.iter_errors(model)]

    def test_the_schema_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_every_shipped_model_fits_it(self):
        for name, model in SHIPPED.items():
            with self.subTest(name):
                self.assertEqual(self.faults(model), [])
                self.assertEqual(model["id"], name)

    def test_an_unknown_member_is_refused_where_it_stands(self):
        self.github["roles"][0]["colour"] = "red"
        self.assertEqual(self.faults(self.github), ["roles/0"])

    def test_a_scale_needs_two_levels(self):
        self.github["scales"]["yes_no"] = ["no"]
        self.assertEqual(self.faults(self.github), ["scales/yes_no"])

    def test_a_rule_cannot_take_an_id_of_the_judge(self):
        self.github["rules"][0]["id"] = "lifecycle.mine"
        self.assertEqual(self.faults(self.github), ["rules/0/id"])

    def test_a_grant_is_a_level_or_a_level_with_visibility(self):
        self.github["roles"][0]["grants"]["repository"] = {"level": "admin", "visibility": "some"}
        self.assertEqual(self.faults(self.github), ["roles/0/grants/repository"])


if __name__ == "__main__":
    unittest.main()
