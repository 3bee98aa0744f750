# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Frames by hand, and what tcpdump saw on a port, by flow."""
import hashlib
import signal
import socket
import struct
import subprocess
import time

from check import poll
from lab import output, wait_for_output

INSIDE, OUTSIDE = 1, 2
VLAN_TYPES = (0x8100, 0x88a8, 0x9100)


def mac(side, n):
    """Addresses of the lab say from which side a frame comes."""
    return f"02:00:5e:10:{side:02x}:{n:02x}"


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def ethernet(to, source, kind, payload):
    return mac_bytes(to) + mac_bytes(source) + struct.pack("!H", kind) + payload


def tagged(frame, *tags):
    """Puts (TPID, VID) tags into a frame, the outer one first."""
    return frame[:12] + b"".join(struct.pack("!HH", tpid, vid) for tpid, vid in tags) + frame[12:]


def checksum(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def ipv4(src, dst, proto, payload, ident=0, ttl=64):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0x4000, ttl, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def fragments4(src, dst, proto, payload, size, ident, ttl=64):
    """A datagram in fragments of so many bytes each (a multiple of 8)."""
    for at in range(0, len(payload), size):
        part, more = payload[at:at + size], at + size < len(payload)
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(part), ident, (0x2000 if more else 0) | at // 8, ttl,
                           proto, 0, socket.inet_aton(src), socket.inet_aton(dst))
        yield head[:10] + struct.pack("!H", checksum(head)) + head[12:] + part


def udp4(src, sport, dst, dport, data, ident=0, ttl=64):
    size = 8 + len(data)
    head = struct.pack("!HHHH", sport, dport, size, 0)
    pseudo = socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!BBH", 0, 17, size)
    sum_ = checksum(pseudo + head + data) or 0xffff
    return ipv4(src, dst, 17, head[:6] + struct.pack("!H", sum_) + data, ident, ttl)


class Sender:
    """Puts frames on an interface as they are."""

    def __init__(self, ns, interface):
        with ns:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((interface, 0))

    def send(self, frame):
        self.socket.send(frame)

    def close(self):
        self.socket.close()


MARK = 0x88b6  # IEEE 802, for experiments


class Captures:
    """tcpdump at both ends of a wire. Frames between two marks are compared: what crosses while one tcpdump
    runs and the other does not is nobody's loss."""

    def __init__(self, lab, wire, name):
        self.wire = wire
        self.inside = Capture(lab, wire.inside, "p0", f"{name}-inside")
        self.outside = Capture(lab, wire.outside, "p0", f"{name}-outside")
        self._mark(b"begin")

    def _mark(self, text):
        for ns, side in ((self.wire.inside, INSIDE), (self.wire.outside, OUTSIDE)):
            sender = Sender(ns, "p0")
            sender.send(ethernet(mac(3 - side, 9), mac(side, 9), MARK, text.ljust(46)))
            sender.close()

    @staticmethod
    def _ended(path):
        with open(path, "rb") as f:
            f.seek(max(0, f.seek(0, 2) - 65536))
            tail = f.read()
        return all(mac_bytes(mac(side, 9)) + struct.pack("!H", MARK) + b"end" in tail for side in (INSIDE, OUTSIDE))

    def stop(self):
        """Waits for what is under way and ends. How many frames the kernel kept from tcpdump."""
        self.inside.quiet()
        self.outside.quiet()
        self._mark(b"end")
        poll("the last marks to be captured", lambda: all(self._ended(e.path) for e in (self.inside, self.outside)))
        return self.inside.stop() + self.outside.stop()

    def flows(self, side):
        """The flows that came from a side: as they were sent, as they arrived."""
        ends = (self.inside, self.outside) if side == INSIDE else (self.outside, self.inside)
        return tuple(by_flow(between_marks(e.path, side)) for e in ends)


class Capture:
    """tcpdump on an interface, of both directions."""

    def __init__(self, lab, ns, interface, name):
        self.path = lab.path(name + ".pcap")
        self.process = lab.spawn(ns, ["tcpdump", "-i", interface, "-n", "-U", "-s", "0", "-B", "65536", "-Z",
                                      "root", "-w", self.path], name)
        wait_for_output(self.process, "listening on")

    def stop(self):
        """Takes what waits, ends, and returns how many frames the kernel dropped before tcpdump saw them."""
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        for line in output(self.process).splitlines():
            if "dropped by kernel" in line:
                return int(line.split()[0])
        raise RuntimeError(f"tcpdump: {output(self.process)}")

    def quiet(self, seconds=20.0):
        """Waits until nothing more comes."""
        last, since, end = -1, time.monotonic(), time.monotonic() + seconds
        while time.monotonic() - since < 0.7 and time.monotonic() < end:
            size = self.size()
            if size != last:
                last, since = size, time.monotonic()
            time.sleep(0.1)

    def size(self):
        try:
            with open(self.path, "rb") as f:
                return f.seek(0, 2)
        except FileNotFoundError:
            return 0


def read_pcap(path):
    """Frames of a capture, in order."""
    with open(path, "rb") as f:
        head = f.read(24)
        order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        while True:
            record = f.read(16)
            if len(record) < 16:
                return
            kept, real = struct.unpack(order + "II", record[8:])
            frame = f.read(kept)
            if kept != real or len(frame) != kept:
                raise ValueError(f"{path}: a frame of {real} bytes was cut to {len(frame)}")
            yield frame


def flow_of(frame):
    """What a frame has to stay in order with: side, tags, types, addresses, ports."""
    at, key = 12, [frame[10]]
    kind = struct.unpack_from("!H", frame, at)[0]
    while kind in VLAN_TYPES:
        key.append(frame[at:at + 4])
        at += 4
        kind = struct.unpack_from("!H", frame, at)[0]
    at += 2
    key.append(kind)
    if kind == 0x0800:
        key += [frame[at + 9], frame[at + 12:at + 20]]
        ports, first = at + (frame[at] & 15) * 4, not struct.unpack_from("!H", frame, at + 6)[0] & 0x3fff
    elif kind == 0x86dd:
        key += [frame[at + 6], frame[at + 8:at + 40]]
        ports, first = at + 40, frame[at + 6] != 44
    else:
        return tuple(key + [frame[:6]])
    if first and key[-2] in (6, 17):
        key.append(frame[ports:ports + 4])
    return tuple(key)


def between_marks(path, side):
    """Frames of a capture that came from a side, after the first mark and before the last."""
    begun = False
    for frame in read_pcap(path):
        if len(frame) < 14 or frame[6:10] != b"\x02\x00\x5e\x10" or frame[10] != side:
            continue
        if frame[12:14] == struct.pack("!H", MARK):
            if begun:
                return
            begun = True
        elif begun:
            yield frame
    raise ValueError(f"{path}: the {'last' if begun else 'first'} mark did not arrive")


def by_flow(frames):
    """Frames of each flow in order, as digests with their length."""
    flows = {}
    for frame in frames:
        digest = hashlib.blake2b(frame, digest_size=8).digest()
        flows.setdefault(flow_of(frame), []).append((len(frame), digest))
    return flows


def difference(before, after, limit=8):
    """How two by_flow() differ, as text; empty where they are the same, frame by frame."""
    lines = []
    for key in list(before) + [k for k in after if k not in before]:
        a, b = before.get(key, []), after.get(key, [])
        if a == b:
            continue
        where = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        same = "the same frames in another order" if sorted(a) == sorted(b) else "not the same frames"
        lines.append(f"flow {key}: {len(a)} in, {len(b)} out, first difference at {where}, {same}")
        if len(lines) == limit:
            break
    return "\n".join(lines)


def count(flows):
    return sum(len(v) for v in flows.values())
