"""Validates OCSF events, a line each, by the schemas that PyPI's ocsf-json-schema carries.

Prints how many were valid of each class, and every fault; ends with 1 where there is one.
"""

import collections
import json
import sys

import jsonschema
from ocsf_json_schema import OcsfJsonSchema, OcsfJsonSchemaEmbedded, get_ocsf_schema

VERSION = "1.8.0"


def main() -> int:
    schema = OcsfJsonSchema(get_ocsf_schema(VERSION))
    embedded = OcsfJsonSchemaEmbedded(schema)
    validators = {}
    valid = collections.Counter()
    faults = 0
    with open(sys.argv[1], encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            event = json.loads(line)
            assert event["metadata"]["version"] == VERSION
            profiles = tuple(event["metadata"].get("profiles", []))
            name = schema.lookup_class_name_from_uid(event["class_uid"])
            if (name, profiles) not in validators:
                made = embedded.get_class_schema(name, list(profiles))
                validators[name, profiles] = jsonschema.Draft202012Validator(made)
            errors = list(validators[name, profiles].iter_errors(event))
            if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
                errors.append("type_uid")
            if not errors:
                valid[name] += 1
            for error in errors:
                faults += 1
                if faults <= 20:
                    message = getattr(error, "message", error)
                    print(f"line {number} {name} {list(getattr(error, 'absolute_path', []))}: {message}")
    for name, count in sorted(valid.items()):
        print(f"{name}: {count} valid")
    print(f"faults: {faults}")
    return 1 if faults else 0


sys.exit(main())
