# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What the captures contain, a function a topic. make_captures.py writes them."""
import struct

from frames import (ACK, ESP, ETH_IP4, ETH_IP6, ETH_QINQ, ETH_VLAN, FIN, GRE, ICMP, ICMP6, MAC_IN,
                    MAC_OUT, PSH, RST, SCTP, SYN, TCP, UDP, client_hello, dns, eth, filler, icmp,
                    icmp6, ip, ip4, ip6, ip6_ext, ip6_frag, packed, sctp, tags, tcp, udp)

IN4, IN6 = "198.19.200.5", "2001:db8:20::5"
CN4, US4, DE4, JP4, SG4 = ("192.0.2.10", "192.0.2.200", "198.51.100.10", "198.51.100.200",
                           "203.0.113.10")
DE6, US6 = "2001:db8:200::10", "2001:db8:100::10"
VTEP_A, VTEP_B = "198.19.210.1", "198.19.210.2"
LINKS = {1: "Ethernet", 101: "raw IP", 0: "null", 108: "loop", 9: "PPP", 113: "Linux cooked v1",
         276: "Linux cooked v2"}
CAPWAP = bytes([0, 2 << 3, 1 << 1 | 1, 0]) + bytes(4)  # 8 bytes, binding 802.11, native format
NAMES = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmp6", SCTP: "sctp", GRE: "gre", ESP: "esp"}


class Packet:
    """flow None: belongs to none. flow_bytes: of the innermost IP header; ip_bytes: the outermost."""

    def __init__(self, frame, flow=None, back=False, flow_bytes=0, ip_bytes=0, note="", later=0):
        self.frame, self.flow, self.back, self.note = frame, flow, back, note
        self.flow_bytes, self.ip_bytes, self.later = flow_bytes, ip_bytes, later


class Topic:
    def __init__(self, name, what, linktype=1, wrap=None, outer=0):
        self.name, self.what, self.linktype, self.link = name, what, linktype, LINKS[linktype]
        self.packets = []
        self.wrap = wrap or (lambda packet, back: eth(packet, back=back))
        self.outer = outer  # bytes that the wrap's own IP headers put before the packet

    def add(self, packet, flow, back=False, note="", later=0):
        """An IP packet, in the topic's wrap."""
        self.packets.append(Packet(self.wrap(packet, back), flow, back, len(packet),
                                   len(packet) + self.outer, note, later))

    def frame(self, frame, note, ip_bytes=0):
        """A frame as it is, in no flow."""
        self.packets.append(Packet(frame, note=note, ip_bytes=ip_bytes))


def name_of(src, sport, dst, dport, proto, where=""):
    form = "%s [%s]:%d → [%s]:%d%s" if ":" in src else "%s %s:%d → %s:%d%s"
    return form % (NAMES[proto], src, sport, dst, dport, where)


class Tcp:
    """One connection, from its inside client; packets go to topic with their flow's name."""

    def __init__(self, topic, src=IN4, dst=CN4, sport=40000, dport=80, where="", build=None, isn=1000):
        self.t, self.src, self.dst, self.sport, self.dport = topic, src, dst, sport, dport
        self.seq, self.ack = isn, isn + 900000
        self.name = name_of(src, sport, dst, dport, TCP, where)
        self.build = build or (lambda s, d, seg: ip(s, d, TCP, seg))

    def send(self, flags, payload=b"", back=False, options=b"", note="", later=0, seq=None):
        if back:
            seg = tcp(self.dst, self.src, self.dport, self.sport, self.ack, self.seq, flags,
                      payload, options)
            packet = self.build(self.dst, self.src, seg)
            self.ack += len(payload) + bool(flags & (SYN | FIN))
        else:
            seg = tcp(self.src, self.dst, self.sport, self.dport, self.seq if seq is None else seq,
                      self.ack if flags & ACK else 0, flags, payload, options)
            packet = self.build(self.src, self.dst, seg)
            if seq is None:
                self.seq += len(payload) + bool(flags & (SYN | FIN))
        self.t.add(packet, self.name, back, note, later)

    def open(self):
        mss = bytes([2, 4, 5, 180])
        self.send(SYN, options=mss)
        self.send(SYN | ACK, back=True, options=mss)
        self.send(ACK)

    def close(self):
        self.send(FIN | ACK)
        self.send(FIN | ACK, back=True)
        self.send(ACK)

    def http(self, host="www.oem.example"):
        self.open()
        self.send(PSH | ACK, b"GET /index.html HTTP/1.1\r\nHost: " + host.encode() +
                  b"\r\nUser-Agent: golden/1\r\nAccept: */*\r\n\r\n")
        self.send(ACK, back=True)
        self.send(PSH | ACK, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n"
                  b"\r\nhello\n", back=True)
        self.send(ACK)
        self.close()


def http4():
    t = Topic("tcp_http", "handshake, GET and answer, FIN from both ends")
    Tcp(t).http()
    padded = Topic("eth_padding", "the same, short frames padded to 60 bytes: padding is not IP",
                   wrap=lambda p, back: eth(p, back=back).ljust(60, b"\x55"))
    Tcp(padded).http()
    return [t, padded]


def http6_ext():
    t = Topic("ipv6_ext_http", "HTTP over IPv6 behind hop-by-hop, routing and destination options")

    def build(src, dst, segment):
        pad = b"\1\4\0\0\0\0"  # PadN
        return ip6(src, dst, 0, ip6_ext(43, pad) + ip6_ext(60, b"\xfd\0\0\0\0\0") +
                   ip6_ext(TCP, pad) + segment)
    Tcp(t, IN6, DE6, build=build).http()
    u = Topic("ipv6_http", "HTTP over IPv6")
    Tcp(u, IN6, DE6).http()
    return [u, t]


def udp_pair(t, src, dst, sport, dport, question, answer, where=""):
    name = name_of(src, sport, dst, dport, UDP, where)
    t.add(ip(src, dst, UDP, udp(src, dst, sport, dport, question)), name)
    t.add(ip(dst, src, UDP, udp(dst, src, dport, sport, answer)), name, back=True)


def dns_topic():
    t = Topic("dns", "a question and its answer over IPv4, another over IPv6")
    host = "www.oem.example"
    udp_pair(t, IN4, DE4, 50000, 53, dns(1, host), dns(1, host, CN4))
    udp_pair(t, IN6, US6, 50001, 53, dns(2, host, kind=28), dns(2, host, DE6, 28))
    return [t]


def tagged():
    out = []
    for name, what, tag_list in (
            ("vlan", "802.1Q, VLAN 100", [(ETH_VLAN, 100)]),
            ("vlan_priority", "802.1p priority tag with VID 0: no VLAN", [(ETH_VLAN, 0xe000)]),
            ("qinq", "802.1ad 0x88a8 tag 200 around 0x8100 tag 100",
             [(ETH_QINQ, 200), (ETH_VLAN, 100)])):
        t = Topic(name, what, wrap=lambda p, back, tl=tag_list: tags(eth(p, back=back), *tl))
        vids = [str(v & 0xfff) for _, v in tag_list if v & 0xfff]
        Tcp(t, where=" vlan " + "+".join(vids) if vids else "").http()
        out.append(t)
    t = Topic("vlan_overlap", "one tuple in VLAN 100 and in VLAN 300: two flows")
    for vid in (100, 300):
        t.wrap = lambda p, back, v=vid: tags(eth(p, back=back), (ETH_VLAN, v))
        udp_pair(t, IN4, DE4, 50000, 53, dns(vid, "a.example"), dns(vid, "a.example", CN4),
                 " vlan %d" % vid)
    return out + [t]


def labelled():
    labels = struct.pack("!II", 1000 << 12 | 64, 2000 << 12 | 1 << 8 | 64)
    m = Topic("mpls", "two MPLS labels (1000, 2000)",
              wrap=lambda p, back: eth(labels + p, 0x8847, back))
    Tcp(m).http()
    p = Topic("pppoe", "PPPoE session 0x1234, PPP protocol 0x0021",
              wrap=lambda p, back: eth(struct.pack("!BBHHH", 0x11, 0, 0x1234, len(p) + 2, 0x21) + p,
                                       0x8864, back))
    Tcp(p).http()
    p.frame(eth(struct.pack("!BBHH", 0x11, 9, 0, 0), 0x8863, dst=b"\xff" * 6),
            "PPPoE discovery (PADI), no IP")
    return [m, p]


def ip4_options():
    t = Topic("ipv4_options", "HTTP with record route and router alert in each IPv4 header")
    options = b"\x94\4\0\0" + b"\7\7\4" + bytes(4)
    Tcp(t, build=lambda s, d, seg: ip4(s, d, TCP, seg, options=options)).http()
    return [t]


def fragments4():
    datagram = udp(IN4, DE4, 50000, 9000, filler(4000))
    name = name_of(IN4, 50000, DE4, 9000, UDP)
    cuts = [(at, datagram[at:at + 1480]) for at in range(0, len(datagram), 1480)]

    def put(t, at, piece, ident):
        more = at + len(piece) < len(datagram)
        t.add(ip4(IN4, DE4, UDP, piece, ident=ident, flags=int(more), frag=at), name)
    a = Topic("frag4", "UDP datagram of 4000 bytes in three IPv4 fragments, in order")
    b = Topic("frag4_reordered", "the same, last fragment first")
    for at, piece in cuts:
        put(a, at, piece, 7)
    for at, piece in (cuts[2], cuts[0], cuts[1]):
        put(b, at, piece, 8)
    return [a, b]


def fragments6():
    t = Topic("frag6", "UDP datagram of 4000 bytes in three IPv6 fragments; then an atomic fragment "
              "(RFC 6946)")
    datagram = udp(IN6, DE6, 50000, 9000, filler(4000))
    name = name_of(IN6, 50000, DE6, 9000, UDP)
    for at in range(0, len(datagram), 1448):
        piece = datagram[at:at + 1448]
        more = int(at + len(piece) < len(datagram))
        t.add(ip6(IN6, DE6, 44, ip6_frag(UDP, at, more, 9) + piece), name)
    t.add(ip6(IN6, DE6, 44, ip6_frag(UDP, 0, 0, 10) + udp(IN6, DE6, 50001, 9000, b"whole")),
          name_of(IN6, 50001, DE6, 9000, UDP), note="atomic fragment")
    return [t]


def fragments_bad():
    seg = tcp(IN4, CN4, 40000, 80, 1000, 0, SYN)
    name = name_of(IN4, 40000, CN4, 80, TCP)
    a = Topic("frag4_tiny_tcp", "a SYN cut after 8 bytes of its TCP header (RFC 1858 tiny fragment)")
    a.add(ip4(IN4, CN4, TCP, seg[:8], ident=11, flags=1), name, note="ports but no flags")
    a.add(ip4(IN4, CN4, TCP, seg[8:], ident=11, flags=0, frag=8), name, note="TCP flags here")
    b = Topic("frag4_overlap", "fragments that overlap: the second rewrites 8 bytes of the first")
    datagram = udp(IN4, DE4, 50000, 9000, filler(40))
    name = name_of(IN4, 50000, DE4, 9000, UDP)
    b.add(ip4(IN4, DE4, UDP, datagram[:32], ident=12, flags=1), name)
    b.add(ip4(IN4, DE4, UDP, bytes(8) + datagram[32:], ident=12, flags=0, frag=24), name,
          note="overlaps bytes 24 to 31")
    c = Topic("frag4_orphan", "later fragments alone: what leaves so is a flow without ports")
    for n in range(3):
        c.add(ip4(IN4, DE4, UDP, filler(1480, "orphan%d" % n), ident=13 + n, flags=n % 2, frag=1480),
              name_of(IN4, 0, DE4, 0, UDP))
    return [a, b, c]


def icmp_topic():
    t = Topic("icmp", "two echo pairs; a UDP packet and the port unreachable that answers it")
    name = "icmp %s → %s type 8 code 0" % (IN4, SG4)
    for n in (1, 2):
        rest = struct.pack("!HH", 0x77, n)
        t.add(ip4(IN4, SG4, ICMP, icmp(8, 0, rest, filler(32))), name)
        t.add(ip4(SG4, IN4, ICMP, icmp(0, 0, rest, filler(32))), name, back=True)
    asked = ip4(IN4, SG4, UDP, udp(IN4, SG4, 50000, 9000, b"anyone?"))
    t.add(asked, name_of(IN4, 50000, SG4, 9000, UDP))
    t.add(ip4(SG4, IN4, ICMP, icmp(3, 3, bytes(4), asked[:28])),
          "icmp %s → %s type 3 code 3" % (SG4, IN4), back=True)
    return [t]


def icmp6_topic():
    t = Topic("icmp6", "echo pair; neighbour solicitation and advertisement")
    rest = struct.pack("!HH", 0x78, 1)
    name = "icmp6 %s → %s type 128 code 0" % (IN6, DE6)
    t.add(ip6(IN6, DE6, ICMP6, icmp6(IN6, DE6, 128, 0, rest, filler(32))), name)
    t.add(ip6(DE6, IN6, ICMP6, icmp6(DE6, IN6, 129, 0, rest, filler(32))), name, back=True)
    router, group = "2001:db8:20::1", "ff02::1:ff00:1"
    t.add(ip6(IN6, group, ICMP6, icmp6(IN6, group, 135, 0, bytes(4), packed(router) + b"\1\1" +
                                       MAC_IN), hops=255),
          "icmp6 %s → %s type 135 code 0" % (IN6, group), note="neighbour solicitation")
    t.add(ip6(router, IN6, ICMP6, icmp6(router, IN6, 136, 0, b"\x60\0\0\0", packed(router) +
                                        b"\2\1" + MAC_OUT), hops=255),
          "icmp6 %s → %s type 136 code 0 (both inside)" % (router, IN6), back=True,
          note="neighbour advertisement")
    return [t]


def others():
    t = Topic("sctp_init", "SCTP INIT and INIT ACK, CRC32C sums")
    name = name_of(IN4, 40000, DE4, 5060, SCTP)
    init = struct.pack("!BBHIIHHI", 1, 0, 20, 0xabcd0001, 65536, 10, 10, 1)
    ack = struct.pack("!BBHIIHHI", 2, 0, 28, 0xabcd0002, 65536, 10, 10, 2) + struct.pack(
        "!HH", 7, 8) + b"cook"
    t.add(ip4(IN4, DE4, SCTP, sctp(40000, 5060, 0, init)), name)
    t.add(ip4(DE4, IN4, SCTP, sctp(5060, 40000, 0xabcd0001, ack)), name, back=True)
    e = Topic("esp", "ESP (SPI 0x1000 out, 0x2000 in), three packets each way")
    for n in range(1, 4):
        for back, spi in ((False, 0x1000), (True, 0x2000)):
            s, d = (DE4, IN4) if back else (IN4, DE4)
            e.add(ip4(s, d, ESP, struct.pack("!II", spi, n) + filler(64, "esp%d" % n)),
                  "esp %s → %s" % (IN4, DE4), back)
    g = Topic("gre_opaque", "GRE that carries no IP (protocol 0x88be, ERSPAN II)")
    for n in range(1, 3):
        g.add(ip4(IN4, DE4, GRE, struct.pack("!HHI", 0x1000, 0x88be, n) + filler(40)),
              "gre %s → %s" % (IN4, DE4))
    return [t, e, g]


def tunnel(name, what, head, where, outer, ends=(VTEP_A, VTEP_B), tuples=((IN4, CN4),)):
    """A topic whose packets stand behind head(packet, src, dst) in an IP packet between ends."""
    t = Topic(name, what)

    def wrap(packet, back):
        src, dst = (ends[1], ends[0]) if back else ends
        return eth(head(packet, src, dst), back=back)
    t.wrap, t.outer = wrap, outer
    for n, (src, dst) in enumerate(tuples):
        Tcp(t, src, dst, 40000 + n, where=where).http()
    return t


def tunnels():
    v6ends = ("2001:db8:20::a", "2001:db8:20::b")
    return [
        tunnel("gre", "GRE (no key) around IPv4 and IPv6",
               lambda p, s, d: ip4(s, d, GRE, struct.pack(
                   "!HH", 0, ETH_IP4 if p[0] >> 4 == 4 else ETH_IP6) + p), " in gre", 24,
               tuples=((IN4, CN4), (IN6, DE6))),
        tunnel("gre_key", "GRE with key 0x2a around IPv4",
               lambda p, s, d: ip4(s, d, GRE, struct.pack("!HHI", 0x2000, ETH_IP4, 42) + p),
               " in gre key 42", 28),
        tunnel("ipip", "IPv4 in IPv4 (RFC 2003)", lambda p, s, d: ip4(s, d, 4, p), " in ipip", 20),
        tunnel("6in4", "IPv6 in IPv4 (RFC 4213)", lambda p, s, d: ip4(s, d, 41, p), " in 6in4", 20,
               tuples=((IN6, DE6),)),
        tunnel("4in6", "IPv4 in IPv6 (RFC 2473)", lambda p, s, d: ip6(s, d, 4, p), " in 4in6", 40,
               v6ends),
        tunnel("gtpu", "GTP-U (TEID 0x01020304) around IPv4",
               lambda p, s, d: ip4(s, d, UDP, udp(s, d, 2152, 2152, struct.pack(
                   "!BBHI", 0x30, 255, len(p), 0x01020304) + p)), " in gtpu teid 16909060", 36),
        tunnel("geneve", "Geneve (VNI 300, one option) around Ethernet",
               lambda p, s, d: ip4(s, d, UDP, udp(s, d, 50001, 6081, struct.pack(
                   "!BBHI", 2, 0, 0x6558, 300 << 8) + b"\1\2\3\1" + bytes(4) + eth(p))),
               " in geneve vni 300", 58),
        tunnel("tzsp", "TZSP (a signal strength tag, padding) around Ethernet",
               lambda p, s, d: ip4(s, d, UDP, udp(s, d, 50001, 37008, b"\1\0\0\1" + b"\x0a\1\xd0" +
                                                  b"\0\1" + eth(p))), " in tzsp", 51),
        tunnel("capwap", "CAPWAP data around IEEE 802.11, frame control's bytes swapped",
               lambda p, s, d: ip4(s, d, UDP, udp(s, d, 5247, 50001, CAPWAP + b"\1\x08" + bytes(22) +
                                                  b"\xaa\xaa\3\0\0\0\x08\0" + p)), " in capwap", 68),
    ]


def vxlan():
    t = Topic("vxlan", "VXLAN, VNIs 100 and 200 with the same inner addresses and ports: two flows")
    t.outer = 50
    for vni in (100, 200):
        def wrap(packet, back, vni=vni):
            s, d = (VTEP_B, VTEP_A) if back else (VTEP_A, VTEP_B)
            head = struct.pack("!II", 8 << 24, vni << 8)
            return eth(ip4(s, d, UDP, udp(s, d, 50000, 4789, head + eth(packet, back=back))),
                       back=back)
        t.wrap = wrap
        Tcp(t, where=" in vxlan vni %d" % vni).http()
    return [t]


def tcp_states():
    r = Topic("tcp_rst", "handshake, data, RST from the outside")
    c = Tcp(r, dport=9001)
    c.open()
    c.send(PSH | ACK, filler(100))
    c.send(RST | ACK, back=True)
    refused = Topic("tcp_refused", "SYN answered by RST")
    c = Tcp(refused, dport=9001)
    c.send(SYN)
    c.send(RST | ACK, back=True)
    s = Topic("tcp_syn_only", "a SYN sent three times, never answered")
    c = Tcp(s, dport=9001)
    for n in range(3):
        c.send(SYN, seq=1000, later=n * 1000000)
    m = Topic("tcp_midstream", "data both ways of a connection whose opening was not seen; the first "
              "packet comes from the server's side, outside")
    c = Tcp(m, dport=443)
    for back in (True, False, True, False):
        c.send(PSH | ACK, filler(200), back=back)
    u = Topic("tcp_reuse", "a connection closed by FIN, then a new SYN of the same tuple 2 s later")
    c = Tcp(u)
    c.http()
    c = Tcp(u, isn=5000000)
    start = len(u.packets)
    c.open()
    c.send(PSH | ACK, filler(50))
    c.close()
    u.packets[start].note = "new connection, same tuple"
    for p in u.packets[start:]:
        p.later, p.flow = 2000000, p.flow + " (second)"
    i = Topic("tcp_from_outside", "the client is outside: inside answers carry the data out")
    c = Tcp(i, DE4, IN4, 41000, 443)
    c.open()
    c.send(PSH | ACK, filler(60))
    c.send(PSH | ACK, filler(900), back=True)
    c.close()
    for p in i.packets:
        p.back = not p.back
    return [r, refused, s, m, u, i]


def malformed():
    t = Topic("malformed", "one broken packet each; where its ends can be told it counts in their flow")
    seg, dgram = tcp(IN4, CN4, 40000, 80, 1, 0, SYN), udp(IN4, DE4, 50000, 9000, filler(20))
    t.frame(eth(ip4(IN4, CN4, TCP, seg))[:10], "Ethernet header of 10 bytes")
    t.frame(MAC_OUT + MAC_IN + b"\x81\0\0", "cut inside a VLAN tag")
    t.frame(eth(ip4(IN4, CN4, TCP, seg, ihl=4)), "IPv4 header length 16")
    t.frame(eth(ip4(IN4, CN4, TCP, seg, ihl=15)), "IPv4 header length 60 beyond the packet")
    t.frame(eth(ip4(IN4, CN4, TCP, seg, total=1000)), "IPv4 total length beyond the frame")
    t.frame(eth(ip4(IN4, CN4, TCP, seg, total=19)), "IPv4 total length below the header")
    t.frame(eth(ip4(IN4, CN4, TCP, seg, version=5), ETH_IP4), "IP version 5 in an IPv4 frame")
    t.frame(eth(ip6(IN6, DE6, UDP, udp(IN6, DE6, 1, 2, b"x"), version=4), ETH_IP6),
            "IP version 4 in an IPv6 frame")
    t.frame(eth(ip4(IN4, CN4, TCP, seg[:12])), "TCP header cut after 12 bytes")
    t.frame(eth(ip4(IN4, CN4, TCP, tcp(IN4, CN4, 40000, 80, 1, 0, SYN, offset=4))),
            "TCP data offset 4")
    t.frame(eth(ip4(IN4, CN4, TCP, tcp(IN4, CN4, 40000, 80, 1, 0, SYN, offset=15))),
            "TCP data offset beyond the segment")
    t.frame(eth(ip4(IN4, DE4, UDP, udp(IN4, DE4, 50000, 9000, filler(20), length=200))),
            "UDP length beyond the packet")
    t.frame(eth(ip4(IN4, DE4, UDP, udp(IN4, DE4, 50000, 9000, filler(20), length=7))),
            "UDP length below its header")
    t.frame(eth(ip4(IN4, DE4, UDP, dgram[:6])), "UDP header cut after 6 bytes")
    t.frame(eth(ip6(IN6, DE6, UDP, udp(IN6, DE6, 1, 2, b"x"), length=500)),
            "IPv6 payload length beyond the frame")
    t.frame(eth(ip6(IN6, DE6, UDP, b""))[:30], "IPv6 header cut after 16 bytes")
    chain = b"".join(ip6_ext(60, b"\1\4\0\0\0\0") for _ in range(40))
    t.frame(eth(ip6(IN6, DE6, 60, chain)), "40 destination options headers, each naming another")
    t.frame(eth(ip6(IN6, DE6, 60, b"\x06\xff" + bytes(6))), "IPv6 extension beyond the packet")
    t.frame(eth(ip6(IN6, DE6, 44, b"\x06\0")), "IPv6 fragment header cut")
    t.frame(eth(b"", ETH_IP4), "IPv4 frame without a packet")
    t.frame(eth(struct.pack("!I", 1000 << 12), 0x8847), "MPLS without a bottom of stack")
    t.frame(eth(struct.pack("!BBHHH", 0x11, 0, 1, 100, 0x21), 0x8864), "PPPoE without its packet")
    head = struct.pack("!II", 8 << 24, 100 << 8)
    bad = udp(VTEP_A, VTEP_B, 50000, 4789, head + eth(ip4(IN4, CN4, TCP, seg, ihl=4)))
    t.frame(eth(ip4(VTEP_A, VTEP_B, UDP, bad)), "VXLAN, sound outside, IPv4 header length 16 within")
    return [t]


def not_ip():
    t = Topic("not_ip", "ARP, LLC (STP, unknown), LLDP, LACP, an unknown type: no flow")
    arp = struct.pack("!HHBBH", 1, ETH_IP4, 6, 4, 1) + MAC_IN + packed(IN4) + bytes(6) + packed(
        "198.19.200.1")
    t.frame(eth(arp, 0x0806, dst=b"\xff" * 6), "ARP request")
    bpdu = b"\x42\x42\3" + bytes(35)
    t.frame(eth(bpdu, len(bpdu), dst=bytes.fromhex("0180c2000000")), "LLC, spanning tree")
    t.frame(eth(b"\xe0\xe0\3" + filler(40), 43), "LLC, an unknown SAP")
    snap = b"\xaa\xaa\3\0\0\x0c\x20\0" + filler(30)
    t.frame(eth(snap, len(snap), dst=bytes.fromhex("01000ccccccc")), "SNAP, CDP")
    lldp = b"\2\7\4" + MAC_IN + b"\4\5\5eth0" + b"\6\2\0\x78" + b"\0\0"
    t.frame(eth(lldp, 0x88cc, dst=bytes.fromhex("0180c200000e")), "LLDP")
    t.frame(eth(b"\1\1\1\x14" + bytes(106), 0x8809, dst=bytes.fromhex("0180c2000002")), "LACP")
    t.frame(eth(filler(46), 0x88b5), "local experimental type (IEEE 802)")
    return [t]


def tls():
    hello = client_hello("diag.oem.example")
    a, b = len(hello) // 3, 2 * len(hello) // 3
    parts = [(0, hello[:a]), (a, hello[a:b]), (b, hello[b:])]
    out = []
    for name, what, pieces in (
            ("tls_sni", "ClientHello with SNI diag.oem.example in one segment", [(0, hello)]),
            ("tls_sni_split", "the same in three segments, in order", parts),
            ("tls_sni_reordered", "the same in three segments: second, third, first",
             [parts[1], parts[2], parts[0]])):
        t = Topic(name, what)
        c = Tcp(t, dst=US4, dport=443)
        c.open()
        base = c.seq
        for at, piece in pieces:
            c.send(PSH | ACK, piece, seq=base + at)
        c.seq = base + len(hello)
        c.send(ACK, back=True)
        c.send(PSH | ACK, b"\x15\3\3\0\2\2\x28", back=True, note="alert: handshake failure")
        c.close()
        out.append(t)
    return out


def link_types():
    def kind(p):
        return ETH_IP4 if p[0] >> 4 == 4 else ETH_IP6

    def family(p):
        return 2 if p[0] >> 4 == 4 else 30
    wraps = (
        ("link_sll", 113, lambda p, back: struct.pack("!HHH6sHH", 0 if back else 4, 1, 6,
                                                      MAC_OUT if back else MAC_IN, 0, kind(p)) + p),
        ("link_sll2", 276, lambda p, back: struct.pack("!HHIHBB8s", kind(p), 0, 2, 1,
                                                       0 if back else 4, 6, MAC_IN) + p),
        ("link_raw", 101, lambda p, back: p),
        ("link_null", 0, lambda p, back: struct.pack("<I", family(p)) + p),
        ("link_loop", 108, lambda p, back: struct.pack("!I", family(p)) + p),
        ("link_ppp", 9, lambda p, back: struct.pack("!BBH", 0xff, 3, 0x21 if kind(p) == ETH_IP4
                                                    else 0x57) + p),
    )
    out = []
    for name, linktype, wrap in wraps:
        t = Topic(name, "HTTP over IPv4 and over IPv6", linktype, wrap)
        Tcp(t).http()
        Tcp(t, IN6, DE6).http()
        out.append(t)
    return out


def all_topics():
    made = []
    for make in (http4, http6_ext, dns_topic, tagged, labelled, ip4_options, fragments4, fragments6,
                 fragments_bad, icmp_topic, icmp6_topic, others, tunnels, vxlan, tcp_states, malformed,
                 not_ip, tls, link_types):
        made += make()
    return made
