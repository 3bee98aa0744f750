# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What "bhlog export" must make of a record, written a second time from the man page."""
import base64
import datetime
import hashlib
import hmac
import ipaddress
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from segment import crc32c

EPOCH = datetime.datetime(1970, 1, 1)
FLOWS = ("decision", "update", "end")
PROTOS = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP", 33: "DCCP", 41: "IPv6", 47: "GRE", 50: "ESP", 51: "AH",
          58: "IPv6-ICMP", 89: "OSPFIGP", 132: "SCTP", 136: "UDPLite"}
TRANSPORTS = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 50: "esp", 51: "ah",
              58: "ipv6-icmp", 132: "sctp", 136: "udplite"}
APPS = {"tls": "tls", "quic": "quic", "dns": "dns", "http": "http", "ssh": "ssh", "ftp_control": "ftp",
        "smbv23": "smb", "kerberos": "krb5", "imaps": "tls"}


def time(t, zone):
    return (EPOCH + datetime.timedelta(microseconds=t)).isoformat(timespec="microseconds") + zone


def community_id(r):
    src, dst = (ipaddress.ip_address(r[k]).packed for k in ("src", "dst"))
    if len(src) != len(dst):
        return None
    proto, sport, dport = r["proto"], r.get("sport", 0), r.get("dport", 0)
    one_way = False
    pairs = {1: [(0, 8), (9, 10), (13, 14), (15, 16), (17, 18)],
             58: [(128, 129), (130, 131), (133, 134), (135, 136), (139, 140), (144, 145)]}.get(proto)
    if pairs:
        other = dict(pairs) | {b: a for a, b in pairs}
        one_way = sport not in other
        dport = other.get(sport, dport)
    ports = proto in (1, 6, 17, 58, 132)
    if not one_way and (src, sport if ports else 0) > (dst, dport if ports else 0):
        src, dst, sport, dport = dst, src, dport, sport
    data = b"\0\0" + src + dst + bytes([proto, 0]) + (struct.pack("!HH", sport, dport) if ports else b"")
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()


def less(r, *keys):
    return {k: v for k, v in r.items() if k not in keys}


def sides(r):
    out, back = (r["ob"], r["op"]), (r["rb"], r["rp"])
    return (out, back) if r["init"] == "inside" else (back, out)


def decided(r):
    return r.get("act") if "reason" in r else None


def app_protocol(r):
    return APPS.get(r.get("master", r.get("app", "")).lower())


def some(**members):
    return {k: v for k, v in members.items() if v is not None}


# ---- EVE

def eve(r):
    """None: left out."""
    ev, act = r["ev"], decided(r)
    if ev == "update" or (ev == "decision" and act not in ("flag", "block")):
        return None
    e = {"timestamp": time(r["t1"], "+0000"), "host": r["gw"]}
    if ev not in FLOWS:
        bad = "cause" in r or r.get("outcome") == "refused"
        words = [str(r[k]) for k in ("how", "outcome", "id", "cause", "lost", "why", "mode", "ver", "detail", "warn")
                 if k in r]
        return e | {"event_type": "engine", "log_level": "Warning" if bad else "Notice",
                    "engine": {"message": " ".join([ev + ":", *words])}, "egress": r}
    out, back = sides(r)
    fid = int(r["fid"], 16)
    icmp = r["proto"] in (1, 58)
    e |= some(flow_id=(fid >> 56) * 2 ** 45 + fid % 2 ** 45, vlan=r.get("vlan"), src_ip=r["src"], dest_ip=r["dst"],
              src_port=None if icmp else r.get("sport"), dest_port=None if icmp else r.get("dport"),
              proto=PROTOS.get(r["proto"], f"{r['proto']:03d}"), icmp_type=r.get("sport") if icmp else None,
              icmp_code=r.get("dport") if icmp else None, community_id=community_id(r), app_proto=app_protocol(r),
              egress=less(r, "src", "sport", "dst", "dport", "proto", "vlan"))
    flow = {"pkts_toserver": out[1], "pkts_toclient": back[1], "bytes_toserver": out[0], "bytes_toclient": back[0],
            "start": time(r["t0"], "+0000")}
    if ev == "end":
        closed = r["end"] in ("fin", "rst")
        flow |= {"end": time(r["t1"], "+0000"), "age": r["t1"] // 10 ** 6 - r["t0"] // 10 ** 6,
                 "state": "closed" if closed else "established" if out[1] and back[1] else "new",
                 "reason": {"stop": "shutdown", "evict": "forced", "block": "forced",
                            "active": "forced"}.get(r["end"], "timeout"),
                 "alerted": act in ("flag", "block")}
        if act == "block":
            flow["action"] = "drop"
        return e | {"event_type": "flow", "flow": flow}
    e["alert"] = {"action": "blocked" if act == "block" else "allowed", "gid": 1000,
                  "signature_id": crc32c(f"{r.get('rule', '')}/{r['reason']}".encode()) & 0x7fffffff,
                  "signature": r["reason"], "category": "Egress policy",
                  "severity": {"critical": 1, "high": 1, "medium": 2}.get(r.get("sev"), 3)} | some(rev=r.get("pol"))
    if r.get("hsrc") == "http":
        e["http"] = {"hostname": r["host"]}
    if r.get("hsrc") == "sni":
        e["tls"] = {"sni": r["host"]} | ({"ja3": {"hash": r["ja3"]}} if "ja3" in r else {})
    return e | {"event_type": "alert", "flow": flow}


# ---- ECS

def ecs_event(r):
    ev, act = r["ev"], decided(r)
    e = some(action=ev, module="bridgehead", sequence=r["seq"], reason=r.get("reason"),
             severity={"info": 0, "low": 21, "medium": 47, "high": 73, "critical": 99}.get(r.get("sev")))
    if ev in FLOWS:
        alert = ev == "decision" and act in ("flag", "block")
        return e | {"kind": "alert" if alert else "event", "category": ["network"], "dataset": "bridgehead.flow",
                    "type": ["connection"] + ["end"] * (ev == "end") +
                    ([] if act is None else ["denied" if act == "block" else "allowed"]),
                    "start": time(r["t0"], "Z"), "end": time(r["t1"], "Z"), "duration": (r["t1"] - r["t0"]) * 1000}
    category, kind = {"policy": ("configuration", "change"), "start": ("process", "start"),
                      "stop": ("process", "end"), "gap": ("network", "info")}[ev]
    e |= {"kind": "event", "category": [category], "type": [kind], "dataset": "bridgehead.notice"}
    if "outcome" in r:
        e["outcome"] = "failure" if r["outcome"] == "refused" else "success"
    return e


def ecs(r):
    e = {"@timestamp": time(r["t1"], "Z"), "ecs": {"version": "8.11.0"}, "event": ecs_event(r),
         "observer": {"name": r["gw"], "product": "Bridgehead", "type": "firewall"}}
    if r["ev"] not in FLOWS:
        return e | {"bridgehead": less(r, "gw", "seq")}
    icmp, whole, local = r["proto"] in (1, 58), r["ev"] == "end", "border" not in r
    out, back = sides(r)
    source = some(ip=r["src"], port=None if icmp else r.get("sport"))
    destination = some(ip=r["dst"], port=None if icmp else r.get("dport"),
                       domain=None if r.get("hsrc") == "dns" else r.get("host"))
    network = some(type="ipv4" if "." in r["src"] and ":" not in r["src"] else "ipv6",
                   transport=TRANSPORTS.get(r["proto"]), iana_number=str(r["proto"]), protocol=app_protocol(r),
                   application=r["app"].lower() if "app" in r else None, community_id=community_id(r),
                   direction="internal" if local else "outbound" if r["init"] == "inside" else "inbound")
    if whole:
        source |= {"bytes": out[0], "packets": out[1]}
        destination |= {"bytes": back[0], "packets": back[1]}
        network |= {"bytes": out[0] + back[0], "packets": out[1] + back[1]}
        network = {k: v for k, v in network.items() if not isinstance(v, int) or v < 2 ** 64}
    if not local:
        remote = destination if r["init"] == "inside" else source
        if r["cc"] != "XX":
            remote["geo"] = {"country_iso_code": r["cc"]}
        if "asn" in r:
            remote["as"] = {"number": r["asn"]}
    if "vlan" in r:
        network["vlan"] = {"id": str(r["vlan"][0])}
        if len(r["vlan"]) > 1:
            network["inner"] = {"vlan": {"id": str(r["vlan"][1])}}
    e |= {"source": source, "destination": destination, "network": network,
          "related": {"ip": [r["src"], r["dst"]]} | ({"hosts": [r["host"]]} if "host" in r else {}),
          "bridgehead": less(r, "gw", "seq", "src", "dst", "proto", "reason", "rule",
                             *(() if icmp else ("sport", "dport")))}
    if "rule" in r:
        e["rule"] = {"id": r["rule"], "name": r["rule"], "version": str(r["pol"])}
    client = some(ja3=r.get("ja3"), server_name=r.get("host") if r.get("hsrc") in ("sni", "quic") else None)
    if client:
        e["tls"] = {"client": client}
    if r.get("hsrc") == "dns":
        e["dns"] = {"question": {"name": r["host"]}}
    return e


# ---- pseudonyms

class Pseudonyms:
    def __init__(self, key, prefixes):
        self.key, self.prefixes = key, prefixes
        mixed = self.mac("prefixes", b"")
        self.aes = Cipher(algorithms.AES(mixed[:16]), modes.ECB()).encryptor()
        self.pad = int.from_bytes(self.aes.update(mixed[16:]), "big")

    def mac(self, kind, data):
        return hmac.new(self.key, kind.encode() + b"\0" + data, hashlib.sha256).digest()

    def token(self, kind, text):
        return self.mac(kind, text.encode().lower()).hex()

    def address(self, text):
        a = ipaddress.ip_address(text)
        if not self.prefixes:
            low = int.from_bytes(self.mac("address", a.packed)[:8], "big") & (2 ** 63 - 1)
            return shown(ipaddress.IPv6Address((0x100 << 112) + (2 ** 63 if a.version == 6 else 0) + low))
        bits = a.max_prefixlen
        value = int(a) << (128 - bits)
        flips = 0
        for i in range(bits):
            high = ((1 << i) - 1) << (128 - i)
            block = (value & high) | (self.pad & ~high & (2 ** 128 - 1))
            flips = flips << 1 | self.aes.update(block.to_bytes(16, "big"))[0] >> 7
        return shown(type(a)(int(a) ^ flips))

    def record(self, r):
        r = less(r, "vlan", "cap", "detail", "warn", *(["asn"] if self.prefixes else []))
        for key in r:
            if key in ("src", "dst"):
                r[key] = self.address(r[key])
            elif key == "host":
                r[key] = f"h-{self.token('host', r[key])[:32]}.invalid"
            elif key == "tn" and r[key] != "_unlisted":
                r[key] = "tn-" + self.token("tenant", r[key])[:16]
            elif key == "who":
                r[key] = "who-" + self.token("who", r[key])[:16]
            elif key == "ja3":
                r[key] = self.token("ja3", r[key])[:32]
            elif key == "tun":
                r[key] = [t.split(":")[0] for t in r[key]]
        return r


def shown(address):
    """As the log writes addresses: IPv4-mapped ones in the mixed form (RFC 5952, 5)."""
    mapped = getattr(address, "ipv4_mapped", None)
    return f"::ffff:{mapped}" if mapped else str(address)
