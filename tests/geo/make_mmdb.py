#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Write a small MaxMind DB (spec 2.0) over documentation prefixes, for tests.

    make_mmdb.py country|asn|city|loop OUT [--record-size 24|28|32] [--ip-version 4|6] [--list]

--list prints the prefixes and their answers, longest prefix last, one "PREFIX ANSWER" a line.
loop writes a file whose search tree runs back into itself, as a damaged one may.
"""
import argparse
import ipaddress

COUNTRY = [
    ("192.0.2.0/25", "CN"), ("192.0.2.128/25", "US"), ("198.18.0.0/16", "US"),
    ("198.19.0.0/17", "JP"), ("198.19.128.0/18", "CN"), ("198.51.100.0/25", "DE"),
    ("198.51.100.128/25", "JP"), ("203.0.113.0/24", "SG"), ("203.0.113.77/32", "A1"),
    ("2001:db8:100::/40", "US"), ("2001:db8:200::/40", "DE"), ("2001:db8:300::/40", "CN"),
    ("2001:db8:3ff:ffff::/64", "FR"), ("2001:db8:3ff:ffff:8000::/65", "IT"),
    ("2001:db8:3ff:ffff:8000::53/128", "NL"),
]
REGISTERED = [("198.19.192.0/18", "KR")]  # registered_country only
NOWHERE = [("2001:db8:400::/48", "EU")]   # continent only: no country
ASN = [
    ("192.0.2.0/24", 64496), ("198.51.100.0/24", 64497), ("203.0.113.0/24", 64498),
    ("198.18.0.0/15", 65536), ("2001:db8::/32", 65551), ("2001:db8:200::/40", 64499),
    ("2001:db8:200:1::/64", 4294967295),  # reserved: nobody's
]


def control(kind, size):
    """The control byte or bytes of a data field (section "Data field format")."""
    assert size < 285
    first = (kind if kind <= 7 else 0) << 5 | min(size, 29)
    out = bytes([first])
    if kind > 7:
        out += bytes([kind - 7])
    if size >= 29:
        out += bytes([size - 29])
    return out


class Uint(int):
    """A number with the type that it has in the file."""
    kind = 6


class Uint16(Uint):
    kind = 5


class Uint64(Uint):
    kind = 9


def encode(value):
    if isinstance(value, str):
        raw = value.encode()
        return control(2, len(raw)) + raw
    if isinstance(value, Uint):
        raw = int(value).to_bytes((int(value).bit_length() + 7) // 8, "big")
        return control(value.kind, len(raw)) + raw
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(v) for v in value)
    return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())


class Tree:
    """Nodes are [left, right]; a side is None, a node (list) or an answer (dict)."""

    def __init__(self, version):
        self.version, self.bits, self.root = version, 128 if version == 6 else 32, [None, None]

    def path(self, prefix):
        net = ipaddress.ip_network(prefix)
        number, length = int(net[0]), net.prefixlen
        if self.version == 6 and net.version == 4:
            length += 96
        return [(number >> (self.bits - 1 - i)) & 1 for i in range(length)]

    def insert(self, prefix, answer):
        node, path = self.root, self.path(prefix)
        for bit in path[:-1]:
            if not isinstance(node[bit], list):
                node[bit] = [node[bit], node[bit]]
            node = node[bit]
        node[path[-1]] = answer

    def node(self, prefix):
        node = self.root
        for bit in self.path(prefix):
            if not isinstance(node, list):
                return None
            node = node[bit]
        return node


def number_nodes(root):
    order, seen, todo = [], {}, [root]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen[id(node)] = len(order)
        order.append(node)
        todo += [side for side in reversed(node) if isinstance(side, list)]
    return order, seen


def record_bytes(left, right, size):
    if size == 28:
        middle = (left >> 24) << 4 | right >> 24
        return ((left & 0xffffff).to_bytes(3, "big") + bytes([middle]) +
                (right & 0xffffff).to_bytes(3, "big"))
    return left.to_bytes(size // 8, "big") + right.to_bytes(size // 8, "big")


def write(path, tree, database_type, size):
    order, seen = number_nodes(tree.root)
    data, offsets, body = b"", {}, b""

    def record(side):
        nonlocal data
        if side is None:
            return len(order)
        if isinstance(side, list):
            return seen[id(side)]
        raw = encode(side)
        if raw not in offsets:
            offsets[raw] = len(data)
            data += raw
        return len(order) + 16 + offsets[raw]

    for left, right in order:
        body += record_bytes(record(left), record(right), size)
    meta = {
        "binary_format_major_version": Uint16(2), "binary_format_minor_version": Uint16(0),
        "build_epoch": Uint64(1767225600), "database_type": database_type,
        "description": {"en": "documentation prefixes"}, "ip_version": Uint16(tree.version),
        "languages": ["en"], "node_count": Uint(len(order)), "record_size": Uint16(size),
    }
    with open(path, "wb") as f:
        f.write(body + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encode(meta))


def answers(kind):
    """(prefix, what stands in the file, the answer expected)"""
    if kind == "asn":
        return [(p, {"autonomous_system_number": Uint(n),
                     "autonomous_system_organization": "Example %d" % n}, n) for p, n in ASN]
    extra = {"city": {"names": {"en": "Sample"}}} if kind == "city" else {}
    return ([(p, {"continent": {"code": "XX"}, "country": {"iso_code": c}, **extra}, c)
             for p, c in COUNTRY] +
            [(p, {"registered_country": {"iso_code": c}, **extra}, c) for p, c in REGISTERED] +
            [(p, {"continent": {"code": c}, **extra}, "-") for p, c in NOWHERE])


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("kind", choices=["country", "asn", "city", "loop"])
    ap.add_argument("out")
    ap.add_argument("--record-size", type=int, default=28, choices=[24, 28, 32])
    ap.add_argument("--ip-version", type=int, default=6, choices=[4, 6])
    ap.add_argument("--list", action="store_true")
    args = ap.parse_args()
    tree = Tree(args.ip_version)
    todo = [a for a in answers(args.kind)
            if args.ip_version == 6 or ipaddress.ip_network(a[0]).version == 4]
    for prefix, what, _ in sorted(todo, key=lambda a: ipaddress.ip_network(a[0]).prefixlen):
        tree.insert(prefix, what)
    if args.ip_version == 6:  # as MaxMind's own files: the IPv4 tree under its other names
        v4 = tree.node("::/96")
        for alias in ("::ffff:0:0/96", "2001::/32", "2002::/16"):
            tree.insert(alias, v4)
    if args.kind == "loop":
        back = tree.node("2001:db8::/33")
        tree.insert("2001:db8:7fff::/48", back)
        tree.insert("2001:db8:7ffe::/48", back)
    write(args.out, tree, {"asn": "Test-ASN", "city": "Test-City"}.get(args.kind, "Test-Country"),
          args.record_size)
    if args.list:
        for prefix, _, answer in sorted(todo, key=lambda a: ipaddress.ip_network(a[0]).prefixlen):
            print(prefix, answer)


if __name__ == "__main__":
    main()
