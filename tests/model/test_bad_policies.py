#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Everything wrong with a policy is found, in one go, at its place, in words that help.

    test_bad_policies.py DRIVER [NAME]

NAME: only that case, and what was found is printed. Exit status: 0 good, 1 not.
"""
import re
import sys

from bad_policies import GOOD, NOW, content, documents, matches, rules, text, texts
from driver import Driver
from places import places

FORM = re.compile(r"(?P<file>[^:]+):(?:(?P<line>\d+):(?P<column>\d+):)? (?:(?P<pointer>(?:/[^:]*)?): )?"
                  r"(?P<said>.+)", re.DOTALL)


def misplaced(data, line, column, pointer, said):
    """Whether the value is not where the finding says."""
    where = places(data)
    if said.startswith("\\u0000"):  # of a character the place is its own, within its value
        (at, begin), text = where[pointer][-1], data.split(b"\n")[line - 1]
        return at != line or column <= begin or not text[column - 1:].startswith(b"\\u0000")
    while pointer not in where:
        pointer = pointer.rpartition("/")[0]  # a value that is missing is told of at what should have it
    return (line, column) not in where[pointer]


def read(path, finding):
    """A finding's line taken apart; None where it has not the form file:line:column: /pointer: what; hint."""
    match = FORM.fullmatch(finding)
    if not match or match["file"] != path or "\n" in finding:
        return None
    return match


def fits(found, expected):
    level, match = found
    pointer, words, *rest = expected
    said = match["said"].lower()
    return (level == (rest or ["error"])[0] and (pointer is None or (match["pointer"] or "") == pointer)
            and all(word.lower() in said for word in words.split()))


def wrongs(driver, data, expected):
    """What is wrong with what the engine found, and all that it found."""
    path, findings = driver.check(data, NOW)
    out, left = [], []
    for level, finding in findings:
        match = read(path, finding)
        if not match:
            out.append(f"not the form of a finding: {finding!r}")
            continue
        left.append((level, match))
        if match["line"] is None:
            # Only of the document as a whole may be said no place.
            if match["pointer"]:
                out.append(f"no line: {finding}")
        elif match["pointer"] and misplaced(data, int(match["line"]), int(match["column"]), match["pointer"],
                                             match["said"]):
            out.append(f"not the place of {match['pointer']}: {finding}")
    for wanted in expected:
        fitting = next((found for found in left if fits(found, wanted)), None)
        if fitting:
            left.remove(fitting)
        else:
            out.append(f"not found: {wanted}")
    out += [f"not expected: {level}: {match.group()}" for level, match in left]
    return out, findings


def main():
    cases = texts.CASES + documents.CASES + rules.CASES + matches.CASES
    names = [case[0] for case in cases]
    assert len(set(names)) == len(names), "a case's name stands twice"
    only = sys.argv[2:]
    failed = 0
    with Driver(sys.argv[1]) as driver:
        good = driver.check(text(GOOD), NOW)[1]
        if good:
            print(f"the good policy is not: {good}")
            return 1
        for name, change, *expected in cases:
            if only and name not in only:
                continue
            out, findings = wrongs(driver, content(change), expected)
            if out or only:
                failed += bool(out)
                print(f"{name}:")
                for line in out or findings:
                    print(f"    {line if isinstance(line, str) else ': '.join(line)}"[:600])
    print(f"{len(cases)} bad policies, {failed} not told as they should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
