"""Evaluates Sigma rules over records with pySigma and SQLite, for the tests to hold their own evaluation against.

usage: sigma_in_sqlite.py RULES RECORDS
RULES is a folder or file of rules, RECORDS one JSON object a line. Prints for each rule a line of JSON: its id, and the
numbers of the lines that match; for a correlation, the groups that reached its threshold.
"""
import json
import pathlib
import re
import sqlite3
import sys

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule


def flatten(value, name, fields):
    if isinstance(value, dict):
        for key, inner in value.items():
            flatten(inner, f"{name}.{key}" if name else key, fields)
    elif isinstance(value, list):
        for inner in value:
            flatten(inner, name, fields)
    elif value is not None:
        # A list has one column here; what is looked for in it stands on a line of its own.
        text = str(value).lower() if isinstance(value, bool) else value
        fields[name] = text if name not in fields else f"{fields[name]}\n{text}"


def main(rules, records):
    rows = []
    for line in pathlib.Path(records).read_text().splitlines():
        fields = {}
        flatten(json.loads(line), "", fields)
        fields["timestamp"] = fields.get("time")
        rows.append(fields)
    folder = pathlib.Path(rules)
    files = sorted(folder.glob("*.yml")) if folder.is_dir() else [folder]
    collection = SigmaCollection.load_ruleset(files)
    assert not collection.errors, collection.errors
    # Columns that no record has are asked for all the same.
    names = {name for row in rows for name in row}
    for text in (file.read_text() for file in files):
        names.update(re.findall(r"^[\s-]*([a-z_][\w.]*)(?:\|[\w|]+)?:", text, re.MULTILINE))
    names = sorted({name.lower(): name for name in names if name != "timestamp"}.values()) + ["timestamp"]
    database = sqlite3.connect(":memory:")
    database.create_function("REGEXP", 2, lambda pattern, text: text is not None and re.search(pattern, str(text)) is not None)
    database.execute("CREATE TABLE logs (%s)" % ", ".join(f'"{name}" COLLATE NOCASE' for name in names))
    for row in rows:
        database.execute(
            "INSERT INTO logs VALUES (%s)" % ", ".join("?" for _ in names), [row.get(name) for name in names]
        )
    backend = sqliteBackend()
    collection.resolve_rule_references()
    # Correlations come behind the rules that they are of, whose conversions they take up.
    for rule in collection.rules:
        # Also what only its correlation speaks for.
        rule._output = True
    for rule in sorted(collection.rules, key=lambda rule: isinstance(rule, SigmaCorrelationRule)):
        if isinstance(rule, SigmaCorrelationRule):
            groups = set()
            for query in backend.convert_correlation_rule(rule):
                cursor = database.execute(query)
                place = [column[0] for column in cursor.description].index("group_keys")
                groups.update(", ".join(str(key) for key in json.loads(row[place]).values()) for row in cursor)
            print(json.dumps({"id": str(rule.id), "groups": sorted(groups)}))
        else:
            found = set()
            for query in backend.convert_rule(rule):
                query = query.replace("SELECT * FROM", "SELECT rowid FROM", 1)
                found.update(row[0] - 1 for row in database.execute(query))
            print(json.dumps({"id": str(rule.id), "records": sorted(found)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
