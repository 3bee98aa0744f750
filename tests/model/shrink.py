# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Makes a failing case small: takes away whatever can go while it still fails."""
import copy

PLAIN = {"vlan": 0, "vni": None, "sport": 0, "dport": 0, "proto": 6, "initiator": "inside", "asn": 0,
         "cc": "XX", "final": True, "conf": None, "app": 0, "master": 0, "cat": 0, "risks": [],
         "host": None, "inside": "10.0.0.1", "remote": "192.0.2.1"}


def fewer(items, fails):
    """items without what is not needed; halves first, then one by one."""
    size = max(1, len(items) // 2)
    while size:
        start = 0
        while start < len(items):
            rest = items[:start] + items[start + size:]
            if fails(rest):
                items = rest
            else:
                start += size
        size //= 2
    return items


def containers(value, path=()):
    """Paths of all objects and arrays in a document, outer ones first."""
    if isinstance(value, (dict, list)):
        yield path
        for key, inner in (value.items() if isinstance(value, dict) else enumerate(value)):
            yield from containers(inner, path + (key,))


def put(document, path, value):
    if not path:
        return value
    document = copy.deepcopy(document)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


def get(document, path):
    for key in path:
        document = document[key]
    return document


def shrink_document(document, fails):
    for path in list(containers(document)):
        try:
            value = get(document, path)
        except (KeyError, IndexError):  # gone with something above it
            continue
        if isinstance(value, dict):
            items = fewer(list(value.items()), lambda rest: fails(put(document, path, dict(rest))))
            document = put(document, path, dict(items))
        elif isinstance(value, list):
            items = fewer(value, lambda rest: fails(put(document, path, rest)))
            document = put(document, path, items)
    return document


def shrink(document, flow, fails):
    """fails(document, flow): whether the case still fails; it answers no where a document is bad."""
    for _ in range(2):
        document = shrink_document(document, lambda d: fails(d, flow))
        for key, plain in PLAIN.items():
            # Where classification stands is what tells the facts of a flow apart.
            if key not in flow[0] or (key == "final" and len(flow) > 1):
                continue
            simpler = [dict(facts, **{key: plain}) for facts in flow]
            if simpler != flow and fails(document, simpler):
                flow = simpler
    return document, flow
