# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Packets by hand, from the inside out: each function takes a payload and puts one header before it."""
import hashlib
import ipaddress
import struct

MAC_IN = bytes.fromhex("00005e005301")   # documentation range of MAC addresses (RFC 7042)
MAC_OUT = bytes.fromhex("00005e005302")
ETH_IP4, ETH_IP6, ETH_VLAN, ETH_QINQ = 0x0800, 0x86dd, 0x8100, 0x88a8
TCP, UDP, ICMP, ICMP6, GRE, ESP, SCTP = 6, 17, 1, 58, 47, 50, 132
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def filler(n, seed="filler"):
    """n bytes that look random and are always the same."""
    out = b""
    while len(out) < n:
        out += hashlib.sha256(b"%s %d" % (seed.encode(), len(out))).digest()
    return out[:n]


def packed(addr):
    return ipaddress.ip_address(addr).packed


def inet_sum(data):
    """Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, proto, length):
    s, d = packed(src), packed(dst)
    if len(s) == 4:
        return s + d + struct.pack("!BBH", 0, proto, length)
    return s + d + struct.pack("!IHBB", length, 0, 0, proto)


def with_sum(src, dst, proto, segment, at):
    """segment with its checksum, which stands at offset at and is zero so far."""
    value = inet_sum(pseudo(src, dst, proto, len(segment)) + segment)
    if proto == UDP and value == 0:
        value = 0xffff
    return segment[:at] + struct.pack("!H", value) + segment[at + 2:]


def tcp(src, dst, sport, dport, seq, ack, flags, payload=b"", options=b"", offset=None):
    options += b"\0" * (-len(options) % 4)
    words = offset if offset is not None else 5 + len(options) // 4
    segment = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, words << 4, flags, 64240, 0,
                          0) + options + payload
    return with_sum(src, dst, TCP, segment, 16)


def udp(src, dst, sport, dport, payload=b"", length=None):
    n = length if length is not None else 8 + len(payload)
    return with_sum(src, dst, UDP, struct.pack("!HHHH", sport, dport, n, 0) + payload, 6)


def icmp(kind, code, rest, payload=b""):
    message = struct.pack("!BBH", kind, code, 0) + rest + payload
    return message[:2] + struct.pack("!H", inet_sum(message)) + message[4:]


def icmp6(src, dst, kind, code, rest, payload=b""):
    return with_sum(src, dst, ICMP6, struct.pack("!BBH", kind, code, 0) + rest + payload, 2)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def sctp(sport, dport, tag, chunks):
    """RFC 9260; the checksum is CRC32C, low byte first."""
    head = struct.pack("!HHI", sport, dport, tag)
    return head + struct.pack("<I", crc32c(head + bytes(4) + chunks)) + chunks


def ip4(src, dst, proto, payload, ident=1, flags=2, frag=0, options=b"", ttl=64, **wrong):
    """flags: 2 don't fragment, 1 more fragments; frag in bytes. wrong: version, ihl, total."""
    options += b"\0" * (-len(options) % 4)
    ihl = wrong.get("ihl", 5 + len(options) // 4)
    total = wrong.get("total", 20 + len(options) + len(payload))
    head = struct.pack("!BBHHHBBH", wrong.get("version", 4) << 4 | ihl, 0, total, ident,
                       flags << 13 | frag // 8, ttl, proto, 0) + packed(src) + packed(dst) + options
    return head[:10] + struct.pack("!H", inet_sum(head)) + head[12:] + payload


def ip6(src, dst, proto, payload, hops=64, length=None, version=6):
    n = length if length is not None else len(payload)
    return struct.pack("!IHBB", version << 28, n, proto, hops) + packed(src) + packed(dst) + payload


def ip6_ext(next_proto, body):
    """Hop-by-hop, destination options, routing: next header, length in 8 bytes less one, body."""
    body += bytes(-(len(body) + 2) % 8)
    return struct.pack("!BB", next_proto, (len(body) + 2) // 8 - 1) + body


def ip6_frag(next_proto, offset, more, ident):
    return struct.pack("!BBHI", next_proto, 0, offset | more, ident)


def ip(src, dst, proto, payload, **more):
    return ip4(src, dst, proto, payload, **more) if "." in src else ip6(src, dst, proto, payload,
                                                                       **more)


def eth(packet, kind=None, back=False, src=None, dst=None):
    """Ethernet; the type follows from the packet's version where none is given."""
    if kind is None:
        kind = ETH_IP4 if packet[0] >> 4 == 4 else ETH_IP6
    macs = (MAC_IN + MAC_OUT) if back else (MAC_OUT + MAC_IN)
    return (dst or macs[:6]) + (src or macs[6:]) + struct.pack("!H", kind) + packet


def tags(frame, *tag_list):
    """Puts (type, vid) tags behind the addresses, outermost first."""
    return frame[:12] + b"".join(struct.pack("!HH", t, v) for t, v in tag_list) + frame[12:]


def dns(ident, name, answer=None, kind=1):
    """A question (answer None), or its answer with one address."""
    flags = 0x0100 if answer is None else 0x8180
    out = struct.pack("!HHHHHH", ident, flags, 1, 0 if answer is None else 1, 0, 0)
    out += b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"
    out += struct.pack("!HH", kind, 1)
    if answer is not None:
        raw = packed(answer)
        out += struct.pack("!HHHIH", 0xc00c, kind, 1, 300, len(raw)) + raw
    return out


def client_hello(host):
    """A TLS record with a ClientHello (RFC 8446, 4.1.2) that names host in its SNI (RFC 6066)."""
    def ext(kind, body):
        return struct.pack("!HH", kind, len(body)) + body

    name = host.encode()
    share = struct.pack("!HH", 29, 32) + filler(32, "x25519")
    exts = b"".join([
        ext(0, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name),
        ext(10, struct.pack("!HHH", 4, 29, 23)),
        ext(11, b"\1\0"),
        ext(13, struct.pack("!HHHH", 6, 0x0403, 0x0804, 0x0401)),
        ext(16, struct.pack("!HB", 12, 2) + b"h2" + b"\x08http/1.1"),
        ext(43, b"\4\3\4\3\3"),
        ext(51, struct.pack("!H", len(share)) + share),
    ])
    ciphers = struct.pack("!HHHHH", 0x1301, 0x1302, 0xc02b, 0xc02f, 0x009c)
    body = (b"\3\3" + filler(32, "random") + b"\x20" + filler(32, "session") +
            struct.pack("!H", len(ciphers)) + ciphers + b"\1\0" + struct.pack("!H", len(exts)) + exts)
    shake = b"\1" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack("!H", len(shake)) + shake
