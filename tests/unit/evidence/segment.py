# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Segments taken apart and put together again, as somebody would who knows the format."""
import hashlib
import json
import struct
import subprocess


class Segment:
    """Taken apart and put together again: frames of entry and data, and the footer."""

    def __init__(self, path):
        self.path, self.blocks, self.footer = path, [], b""
        with open(path, "rb") as f:
            data = f.read()
        while data:
            magic, n = struct.unpack_from("<II", data)
            if magic == 0x184D2A5F:
                self.footer, data = data[:8 + n], data[8 + n:]
                continue
            length = struct.unpack_from("<I", data, 12)[0]
            self.blocks.append((data[:8 + n], data[8 + n:8 + n + length]))
            data = data[8 + n + length:]

    def entry(self, i):
        return self.blocks[i][0][24:-4]

    def number(self, i):
        return json.loads(self.entry(i))["block"]

    def lines(self, i):
        return subprocess.run(["zstd", "-dcq"], input=self.blocks[i][1], capture_output=True, check=True).stdout

    def put(self, i, entry, lines):
        """A block as the gateway would frame it, its CRCs right."""
        data = subprocess.run(["zstd", "-cq", "-3"], input=lines, capture_output=True, check=True).stdout
        payload = b"BHB1" + struct.pack("<III", len(data), crc32c(data), len(lines)) + entry
        payload += struct.pack("<I", crc32c(payload))
        self.blocks[i] = (struct.pack("<II", 0x184D2A5B, len(payload)) + payload, data)

    def save(self, footer=True):
        with open(self.path, "wb") as f:
            f.write(b"".join(a + b for a, b in self.blocks) + (self.footer if footer else b""))


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def root(leaves):
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()
