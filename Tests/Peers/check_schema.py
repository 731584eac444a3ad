#!/usr/bin/env python3
"""Judges documents by a JSON Schema with the jsonschema package.

    check_schema.py < question.json > answers.json

The question is {"schema": SCHEMA, "documents": [DOCUMENT, …]}; the answers are, for each document, the messages of what is
wrong with it. A schema that is none ends it.
"""

import json
import sys

from jsonschema import Draft202012Validator

question = json.load(sys.stdin)
Draft202012Validator.check_schema(question["schema"])
validator = Draft202012Validator(question["schema"])
answers = [[error.message for error in validator.iter_errors(document)] for document in question["documents"]]
json.dump(answers, sys.stdout)
