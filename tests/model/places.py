# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Where each value of a JSON text begins, and its key: {pointer: [(line, column), ...]}; columns count
bytes. The same key twice gives more places."""
import bisect
import json
import re

TOKEN = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+)')


def unquote(raw):
    return json.loads(raw).replace("~", "~0").replace("/", "~1")


def places(data):
    found = {}
    position = 0
    begins = [0] + [m.end() for m in re.finditer(b"\n", data)]  # of lines

    def token(take=True):
        nonlocal position
        match = TOKEN.match(data, position)
        if take:
            position = match.end()
        return match.group(1), match.start(1)

    def note(pointer, start):
        line = bisect.bisect_right(begins, start)
        found.setdefault(pointer, []).append((line, start - begins[line - 1] + 1))

    def value(pointer):
        word, start = token()
        note(pointer, start)
        if word == b"{":
            while token(False)[0] != b"}":
                key, start = token()
                key = unquote(key)
                note(f"{pointer}/{key}", start)
                token()  # the colon
                value(f"{pointer}/{key}")
                if token(False)[0] == b",":
                    token()
            token()
        elif word == b"[":
            i = 0
            while token(False)[0] != b"]":
                value(f"{pointer}/{i}")
                i += 1
                if token(False)[0] == b",":
                    token()
            token()

    value("")
    return found
