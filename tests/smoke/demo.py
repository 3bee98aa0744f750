#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The demonstration that scripts/quickstart ends with.

    demo.py [--log-dir DIR] [--upload BYTES] [--replay] [--record FILE]

Puts the gateway inline between two network namespaces, lets tenants talk to real servers behind
documentation addresses, and shows what the gateway saw and did. Where namespaces cannot be made, and with
--replay, the capture that ships with the project takes the place of the traffic. --record writes such a
capture: what came in on both sides of the gateway.

Exit status: 0 good, 2 an error.
"""
import argparse
import os
import struct
import sys
import time

import show
from check import BHLOG, BRIDGEHEAD, GOLDEN, SOURCE, Skip, Timeout, catch_signals
from gateway import Gateway, make_config
from lab import Lab, need_namespaces, need_programs, run
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports
from peers import Clients, Servers, add_sbin

CAPTURE = os.path.join(GOLDEN, "demo.pcap")
PROGRAMS = ("curl", "openssl", "dig", "dnsmasq", "ssh", "ssh-keygen", "sshd", "ss", "sysctl")


def script(c, upload):
    """What happens: (words, tenant, country, IPv6, what is done)."""
    def partner(me, to):
        return c.https(me, to, "db.partner.example")

    return [
        ("TLS by curl, car diagnosis", "auto-oem", "US", 0, lambda me, to: c.https(me, to, "diag.oem.example")),
        ("the same over IPv6", "auto-oem", "US", 1, lambda me, to: c.https(me, to, "diag.oem.example")),
        ("TLS by curl, another host", "auto-oem", "US", 0, lambda me, to: c.https(me, to, "shop.oem.example")),
        ("TLS by openssl s_client", "fund-desk", "SG", 0, lambda me, to: c.openssl(me, to, "research.fund.example")),
        ("HTTP", "fund-desk", "JP", 0, lambda me, to: c.http(me, to, "news.example")),
        ("HTTP upload", "cro-lab", "DE", 0, lambda me, to: c.upload(me, to, "trials.edc.example", upload)),
        ("DNS", "cro-lab", "DE", 0, lambda me, to: c.dig(me, to, "www.example")),
        ("DNS, unknown country", "_unlisted", "XX", 1, lambda me, to: c.dig(me, to, "www.example", "AAAA")),
        ("SSH", "_unlisted", "SG", 0, lambda me, to: c.ssh(me, to, "true")),
        ("TLS to a host that is forbidden", "cro-lab", "US", 0, lambda me, to: c.https(me, to, "files.leak.example")),
        ("TLS, transfer that was assessed", "important-zone", "SG", 0, partner),
        ("TLS, transfer that was not", "important-zone", "JP", 0, partner),
        ("TLS from the core zone", "core-zone", "US", 0, lambda me, to: c.https(me, to, "backup.example")),
        ("DNS from the core zone", "core-zone", "US", 1, lambda me, to: c.dig(me, to, "www.example", seconds=2)),
        ("TLS from the core zone, at home", "core-zone", "CN", 0, lambda me, to: c.https(me, to, "home.example")),
    ]


def noticed(done, took):
    """What a client saw, in a few words."""
    ms = f"{took * 1000:.0f} ms"
    if done.returncode == 0:
        return f"served in {ms}"
    last = (done.stderr.strip() or done.stdout.strip() or f"exit {done.returncode}").splitlines()[-1]
    for word, says in (("refused", "refused"), ("couldn't connect", "refused"), ("reset", "reset"),
                       ("no servers could be reached", "no server reached"), ("timed out", "timed out")):
        if word in last.lower():
            return f"{says} after {ms}"
    return f"failed after {ms}: {last}"


def play(clients, upload):
    for words, tenant, country, v, act in script(clients, upload):
        begin = time.monotonic()
        done = act(TENANTS[tenant][v], SERVERS[country][v])
        show.step(words, tenant, country, noticed(done, time.monotonic() - begin))


class Recorder:
    """Both ports of the gateway as they receive, merged by time."""

    def __init__(self, lab, wire, path):
        from frames import Capture  # needs tcpdump, which the demonstration does not
        need_programs("tcpdump")
        self.path = path
        self.captures = [Capture(lab, wire.gateway, p, f"record-{p}") for p in (wire.in_port, wire.out_port)]

    def stop(self):
        packets = []
        for c in self.captures:
            c.quiet()
            if c.stop():
                raise RuntimeError("the capture is not complete")
            with open(c.path, "rb") as f:
                head = f.read(24)
                while len(record := f.read(16)) == 16:
                    s, us, kept, _ = struct.unpack("=IIII", record)
                    packets.append((s, us, record + f.read(kept)))
        packets.sort(key=lambda p: p[:2])
        with open(self.path, "wb") as f:
            f.write(head + b"".join(p[2] for p in packets))


def live(log_dir, upload, record):
    """The gateway between namespaces. Skip where there are none."""
    need_programs(*PROGRAMS)
    need_namespaces()
    with Lab("demo") as lab:
        gateway_ns = lab.namespace("gw")
        wire = Wire(lab, gateway_ns)
        Servers(lab, wire.outside)
        config = make_config(lab.path("gw"), ports(wire), POLICY, COUNTRIES, name="demo")
        config["log"]["dir"] = log_dir
        with Gateway(lab, gateway_ns, config) as gw:
            recorder = Recorder(lab, wire, record) if record else None
            show.title("Traffic", "tenants inside, servers outside, the gateway between them on one wire")
            play(Clients(lab, wire.inside), upload)
            if recorder:
                recorder.stop()
            code, took = gw.stop()
            if code != 0:
                raise RuntimeError(f"the gateway ended with {code}:\n{gw.said()}")
    show.note(f"The gateway was stopped ({took:.2f} s), the namespaces are removed.")


def replay(log_dir):
    done = run([BRIDGEHEAD, "replay", "--policy", POLICY, "--country-db", ",".join(COUNTRIES), "--log-dir", log_dir,
                CAPTURE], check=False)
    if done.returncode != 0:
        raise RuntimeError(f"replay: exit {done.returncode}: {done.stderr}")


def next_commands(log_dir):
    def here(path):
        return os.path.relpath(path, SOURCE) if path.startswith(SOURCE + os.sep) else path

    return [
        ("what was blocked, as a table", f"{here(BHLOG)} search {log_dir} --act block --table"),
        ("one country's records as they stand in the log",
         f"{here(BHLOG)} search {log_dir} --country JP --json"),
        ("the same policy over a capture, without root",
         f"{here(BRIDGEHEAD)} replay --policy {here(POLICY)} \\\n"
         f"       --country-db {','.join(here(c) for c in COUNTRIES)} \\\n"
         f"       --summary {here(CAPTURE)}"),
    ]


def main():
    parser = argparse.ArgumentParser(description="The demonstration that scripts/quickstart ends with.")
    parser.add_argument("--log-dir", help="where the flow log is left; default: a new folder in /var/tmp")
    parser.add_argument("--upload", type=int, default=3_000_000, metavar="BYTES", help="size of the bulk upload")
    parser.add_argument("--replay", action="store_true", help="the capture that ships with the project, no namespaces")
    parser.add_argument("--record", metavar="FILE", help="write what came in on both sides (pcap)")
    args = parser.parse_args()
    log_dir = args.log_dir or f"/var/tmp/bridgehead-demo-{time.strftime('%Y%m%d-%H%M%S')}"
    catch_signals()
    add_sbin()
    try:
        os.makedirs(log_dir, exist_ok=True)
        try:
            if args.replay:
                raise Skip("as asked for")
            live(log_dir, args.upload, args.record)
        except Skip as e:
            if args.record:
                raise RuntimeError(f"nothing to record: {e}") from None
            show.title("Replay", f"no traffic of your own ({e}):")
            show.note(f"the capture {os.path.relpath(CAPTURE, SOURCE)} runs through the same pipeline, with its own "
                      "times.")
            replay(log_dir)
        show.report(run([BHLOG, "search", log_dir, "--json", "--ev", "end"]).stdout)
        show.ending({"log": log_dir, "policy": POLICY, "project": SOURCE}, next_commands(log_dir))
    except (OSError, RuntimeError, Timeout) as e:
        print(f"demo: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
