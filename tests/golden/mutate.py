#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Damages a capture, the same way for the same seed: flips bits and bytes (mostly in headers), cuts what
was captured or the frame itself, adds bytes, repeats packets, sends the time back and forth, shuffles.
A pcapng file is damaged as bytes.

usage: mutate.py SEED CAPTURE OUT
"""
import os
import random
import struct
import sys

MOST = 400  # packets


def read_packets(data):
    """(header, [(seconds, fraction, length on the wire, bytes)], byte order), None where it is no pcap."""
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">",
             b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    if order is None:
        return None
    at, packets = 24, []
    while at + 16 <= len(data):
        sec, frac, have, wire = struct.unpack(order + "IIII", data[at:at + 16])
        if at + 16 + have > len(data):
            break
        packets.append((sec, frac, wire, data[at + 16:at + 16 + have]))
        at += 16 + have
    return data[:24], packets, order


def flip(rnd, data):
    out = bytearray(data)
    for _ in range(rnd.choice((1, 1, 1, 2, 4, 8))):
        at = rnd.randrange(min(len(out), rnd.choice((24, 48, 96, 2000))))
        out[at] ^= 1 << rnd.randrange(8) if rnd.random() < 0.6 else rnd.randrange(256)
    return bytes(out)


def damage(rnd, packet):
    """The packet, perhaps damaged: a list of packets."""
    sec, frac, wire, data = packet
    what = rnd.random()
    if what < 0.25 and data:
        data = flip(rnd, data)
    elif what < 0.32:
        data = data[:rnd.randrange(len(data) + 1)]
    elif what < 0.38:
        data = data[:rnd.randrange(len(data) + 1)]
        wire = len(data)
    elif what < 0.40:
        data += bytes(rnd.randrange(256) for _ in range(rnd.randrange(64)))
        wire = len(data)
    elif what < 0.42:
        return [packet, packet]
    elif what < 0.44:
        sec = max(0, sec - rnd.randrange(400))
    elif what < 0.45:
        sec = min(0xffffffff, sec + rnd.randrange(1 << rnd.randrange(33)))
    elif what < 0.455:
        wire = rnd.randrange(1 << 32)
    return [(sec, frac, wire, data)]


def mutate(data, seed, name=""):
    rnd = random.Random("%s %s" % (seed, name))
    read = read_packets(data)
    if read is None:
        return data[:24] + b"".join(flip(rnd, data[at:at + 512]) if rnd.random() < 0.2 else data[at:at + 512]
                                    for at in range(24, min(len(data), 200000), 512))
    header, packets, order = read
    packets = [q for p in packets[:MOST] for q in damage(rnd, p)]
    if rnd.random() < 0.3:
        rnd.shuffle(packets)
    return header + b"".join(struct.pack(order + "IIII", sec, frac, len(got), wire) + got
                             for sec, frac, wire, got in packets)


def main():
    seed, path, out = sys.argv[1:4]
    with open(path, "rb") as f:
        data = f.read()
    with open(out, "wb") as f:
        f.write(mutate(data, seed, os.path.basename(path)))


if __name__ == "__main__":
    main()
