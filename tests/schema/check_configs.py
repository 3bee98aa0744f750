#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""gateway.schema.json must say of every configuration in tests/configs what it is expected to say.

The unit test of the C reader goes through the same files with the same expectations, so schema and C
agree. Prints TAP.
"""

import copy
import json
import pathlib
import sys

try:
    from jsonschema import Draft202012Validator
except ImportError:
    print("1..0 # SKIP no jsonschema (package python3-jsonschema)")
    sys.exit(0)

TESTS = pathlib.Path(__file__).resolve().parent.parent


def walk(doc, pointer):
    """The container of the value at a JSON pointer, and its key there."""
    parts = pointer.split("/")[1:]
    for part in parts[:-1]:
        doc = doc[int(part)] if isinstance(doc, list) else doc[part]
    return doc, int(parts[-1]) if isinstance(doc, list) else parts[-1]


def build(case, bases):
    doc = copy.deepcopy(bases[case["base"]])
    for pointer in case.get("remove", []):
        where, key = walk(doc, pointer)
        del where[key]
    for pointer, value in case.get("set", {}).items():
        where, key = walk(doc, pointer)
        where[key] = value
    return doc


def main():
    schema = json.loads((TESTS / "schema" / "gateway.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    bases = {p.stem: json.loads(p.read_text()) for p in (TESTS / "configs" / "good").glob("*.json")}
    wanted = [(f"good/{name}", True, doc) for name, doc in sorted(bases.items())]
    for case in json.loads((TESTS / "configs" / "cases.json").read_text()):
        wanted.append((case["name"], case["schema"], build(case, bases)))
    failed = 0
    print(f"1..{len(wanted)}")
    for i, (name, good, doc) in enumerate(wanted, 1):
        errors = [e.message for e in validator.iter_errors(doc)]
        ok = good == (not errors)
        failed += not ok
        print("ok" if ok else "not ok", i, "-", name)
        if not ok:
            print("#", "; ".join(errors)[:300] or "the schema finds nothing wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
