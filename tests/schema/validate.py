#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Checks lines of the flow log.

    validate.py [--live] FILE|DIR|- ...

The arguments are read in order as one log; a directory stands for its segments in the order of their
numbers, and those are unpacked by zstd(1). Every line must be strict UTF-8 and JSON without duplicate keys, fit record.schema.json beside
this file, and have its keys in the order of the schema. Numbers must follow one another; a hole must
be told by the gap records right behind it; a stop record's counters must add up. --live allows a torn
end, as in a file that is being written.

Prints how many records there are. Exit status: 0 good, 1 the first line that is not (FILE:LINE: why),
2 unreadable.
"""
import functools
import json
import os
import re
import subprocess
import sys

import jsonschema

SEGMENT = re.compile(r"^flow-\d{8}T\d{6}Z-(\d{6,18})\.jsonl\.zst(\.open)?$")


class Wrong(Exception):
    pass


def load_schema():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "record.schema.json")
    with open(path, encoding="utf-8") as f:
        return json.load(f)  # that it is a schema is a test of its own (test_validate.py): it takes longer than a log


def no_duplicates(pairs):
    out = {}
    for key, value in pairs:
        if key in out:
            raise Wrong(f"key {key!r} stands twice")
        out[key] = value
    return out


def no_constant(name):
    raise Wrong(f"{name} is not JSON")


class Records:
    """Lines by themselves: text, schema, order of keys."""

    def __init__(self):
        schema = load_schema()
        flow = schema["$defs"]["flow"]
        self.order = {}
        self.validators = {}
        for ev in ("decision", "update", "end", "policy", "gap", "start", "stop"):
            part = schema["$defs"].get(ev, flow)
            self.order[ev] = {key: i for i, key in enumerate(part["properties"])}
            self.validators[ev] = jsonschema.Draft202012Validator(
                {"$ref": f"#/$defs/{ev if part is not flow else 'flow'}", "$defs": schema["$defs"]})
        self.whole = jsonschema.Draft202012Validator(schema)

    def parse(self, line):
        try:
            text = line.decode("utf-8", "strict")
        except UnicodeDecodeError as e:
            raise Wrong(f"not UTF-8 at byte {e.start}") from None
        try:
            record = json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_constant)
        except json.JSONDecodeError as e:
            raise Wrong(f"not JSON: {e}") from None
        ev = record.get("ev") if isinstance(record, dict) else None
        validator = self.validators.get(ev, self.whole) if isinstance(ev, str) else self.whole
        for e in validator.iter_errors(record):
            where = "/" + "/".join(str(p) for p in e.absolute_path)
            raise Wrong(f"{where}: {e.message}")
        places = [self.order[ev][key] for key in record]
        if places != sorted(places):
            raise Wrong(f"keys are out of order: {', '.join(record)}")
        if " " in re.sub(r'"(\\.|[^"\\])*"', "", text):
            raise Wrong("blanks outside strings")
        return record


@functools.cache
def records_schema():
    """Once for all that a program reads."""
    return Records()


class Sequence:
    """Lines one after another: numbers, gaps, counters."""

    def __init__(self):
        self.next = None
        self.holes = []       # (first, last) of numbers not seen and not told
        self.run_first = None  # number that this run of the gateway began with
        self.run_begins = True

    def add(self, r):
        seq = r["seq"]
        if self.next is not None and seq < self.next:
            raise Wrong(f"seq {seq} where {self.next} or more must follow")
        if self.next is not None and seq > self.next:
            self.holes.append((self.next, seq - 1))
        self.next = seq + 1
        if r["ev"] == "gap" and r["lost"] != 0:
            self.tell(r)
        elif self.holes:
            first, last = self.holes[0]
            raise Wrong(f"records {first} to {last} are missing and no gap record says so")
        if r["ev"] == "start" and not self.run_begins:
            self.run_first = seq - 1  # a gap comes first, where the run before wrote no stop record
        elif self.run_begins or (r["ev"] == "gap" and r["cause"] == "crash"):
            known = r["ev"] == "start" or (r["ev"] == "gap" and r["cause"] == "crash")
            self.run_first = seq if known else None
            self.run_begins = False
        if r["ev"] == "stop":
            self.stop(r)

    def tell(self, r):
        first, last = r["from"], r["to"]
        if r["lost"] != last - first + 1:
            raise Wrong(f"gap: lost {r['lost']} is not the count of {first} to {last}")
        if last >= r["seq"]:
            raise Wrong("gap: the range does not lie before the record")
        if not self.holes and r["seq"] - 1 == last and self.run_begins and self.run_first is None:
            return  # the first line given: what lies before cannot be checked
        if not self.holes or self.holes[0][0] != first or self.holes[0][1] < last:
            raise Wrong(f"gap: records {first} to {last} are not what is missing here")
        if self.holes[0][1] == last:
            self.holes.pop(0)
        else:
            self.holes[0] = (last + 1, self.holes[0][1])

    def stop(self, r):
        if r["attempted"] - r["lost_ring"] - r["lost_disk"] != r["written"]:
            raise Wrong("stop: attempted - lost is not written")
        if self.run_first is not None and r["attempted"] != r["seq"] - self.run_first + 1:
            raise Wrong(f"stop: attempted {r['attempted']}, but this run took "
                        f"{r['seq'] - self.run_first + 1} numbers")
        self.run_begins = True

    def end(self):
        if self.holes:
            first, last = self.holes[0]
            raise Wrong(f"records {first} to {last} are missing and no gap record says so")


def unpack(path, live):
    """The lines of a segment, as zstdcat gives them."""
    with subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        yield path, p.stdout
        why = p.stderr.read().decode(errors="replace").strip()
    if p.returncode != 0 and not live:
        raise Wrong(f"cannot be unpacked: {why}")


def inputs(args, live):
    for arg in args:
        if arg == "-":
            yield "-", sys.stdin.buffer
        elif os.path.isdir(arg):
            found = [(int(m.group(1)), m.group(0)) for m in map(SEGMENT.match, os.listdir(arg)) if m]
            for _, name in sorted(found):
                yield from unpack(os.path.join(arg, name), live)
        elif SEGMENT.match(os.path.basename(arg)):
            yield from unpack(arg, live)
        else:
            with open(arg, "rb") as f:
                yield arg, f


def main(args):
    live = "--live" in args
    args = [a for a in args if a != "--live"]
    if not args or any(a in ("-h", "--help") or (a.startswith("-") and a != "-") for a in args):
        print(__doc__.strip())
        return 0 if "-h" in args or "--help" in args else 2
    records, sequence = records_schema(), Sequence()
    count = 0
    place = "-"
    try:
        for name, f in inputs(args, live):
            for number, line in enumerate(f, 1):
                place = f"{name}:{number}"
                if not line.endswith(b"\n"):
                    if live:
                        break
                    raise Wrong("the last line is torn")
                sequence.add(records.parse(line[:-1]))
                count += 1
        sequence.end()
    except Wrong as e:
        print(f"{place}: {e}", file=sys.stderr)
        return 1
    except OSError as e:
        print(f"{e.filename}: {e.strerror}", file=sys.stderr)
        return 2
    print(f"{count} records are good")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
