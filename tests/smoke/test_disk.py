#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The log's disk fills up: forwarding goes on, what is lost is counted, and once there is room a gap record
tells which numbers are missing."""
import json
import os
import time

import check
from check import Skip, poll
from frames import INSIDE, Captures, Sender, count, difference, ethernet, mac, udp4
from gateway import BHLOG, Gateway, books, make_config, records_fit
from lab import Lab, need_namespaces, need_programs, run
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports

FLOWS = 3000  # at a time; packed some 30 bytes of record each, two records a flow
SIZE = "300k"  # of the disk
ROUNDS = 40


def many_flows(wire, first):
    """A flow each, of a tenant whose traffic is flagged: two records a flow."""
    sender = Sender(wire.inside, "p0")
    for n in range(first, first + FLOWS):
        sender.send(ethernet(mac(2, 7), mac(INSIDE, 7), 0x0800, udp4(
            TENANTS["cro-lab"][0], 1024 + n % 60000, SERVERS["US"][0], 9, b"x" * 30)))
        if n % 32 == 0:
            time.sleep(0.002)  # within what rings of a busy host hold
    sender.close()


def flows_until(wire, first, done, what):
    """Rounds of flows until it is so; the number of the next round."""
    for n in range(first, first + ROUNDS):
        many_flows(wire, n * FLOWS)
        if done():
            return n + 1
    raise check.Timeout(f"{what}: not after {ROUNDS} rounds of {FLOWS} flows")


def tmpfs(lab):
    path = lab.path("small")
    os.mkdir(path)
    if run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", path], check=False).returncode != 0:
        raise Skip("no tmpfs can be mounted")
    return path


def scenario(t, lab, small):
    gateway_ns = lab.namespace("gw")
    wire = Wire(lab, gateway_ns)
    config = make_config(lab.path("gw"), ports(wire), POLICY, COUNTRIES)
    config["log"] = {"dir": os.path.join(small, "log"), "sync_ms": 50}
    config["flows"]["timeouts_s"] = {"udp": 1}
    config["record_ring"] = 4096  # what waits for the disk
    with Gateway(lab, gateway_ns, config) as gw:
        captures = Captures(lab, wire, "disk")
        rounds = flows_until(wire, 0, lambda: gw.stats()["log"]["disk_full"], "the disk to be full")
        t.ok("cannot be written" in gw.said(), "a full disk is said", gw.said())
        # Blocks wait in memory first, then records in the rings.
        rounds = flows_until(wire, rounds, lambda: gw.stats()["log"]["lost_disk"] + gw.stats()["log"]["lost_ring"] > 0,
                             "records to be lost")
        dropped = captures.stop()
        sent, arrived = captures.flows(INSIDE)
        t.equal(dropped, 0, "tcpdump saw everything")
        t.ok(count(sent) >= rounds * FLOWS and sent == arrived, "forwarding goes on before and while the disk is full",
             difference(sent, arrived), f"{count(sent)} frames")
        t.equal(books(gw.stats()), "", "received = sent")
        run(["mount", "-o", "remount,size=64m", small])  # there is room again
        poll("the log to be written again", lambda: not gw.stats()["log"]["disk_full"], 20)
        t.ok("can be written again" in gw.said(), "and when it can be written again, too", gw.said())
        stats = gw.stats()
        code, took = gw.stop()
    t.ok(code == 0, "SIGTERM ends it", gw.said(), f"{took:.2f} s")
    log = gw.records()
    gaps = [r for r in log if r["ev"] == "gap"]
    stopped = [r for r in log if r["ev"] == "stop"]
    lost = stopped[0]["lost_disk"] + stopped[0]["lost_ring"] if stopped else -1
    t.ok(len(stopped) == 1, "a stop record is there")
    t.ok(lost > 0, "the disk was full for long enough to lose records", saw=f"{lost} lost")
    t.equal(sum(g["lost"] for g in gaps), lost, "gap records tell all of them", f"{len(gaps)} gaps")
    t.ok(stats["log"]["lost_ring"] + stats["log"]["lost_disk"] == lost, "statistics told them while it ran",
         f"{stats['log']}")
    verified = run([BHLOG, "verify", gw.log_dir, "--json"], check=False)
    answers = json.loads(verified.stdout)
    t.ok(answers["integrity"]["status"] == "good" and answers["completeness"]["status"] == "good",
         "bhlog verify: whole, and complete but for what the gap records tell", verified.stdout)
    t.equal(answers["lost"], lost, "and it counts the same")
    records_fit(t, gw.log_dir, "records fit the schema, each hole in the numbers is told")


def test(t):
    need_programs("tcpdump", "mount", "umount")
    need_namespaces()
    with Lab("disk") as lab:
        small = tmpfs(lab)
        try:
            scenario(t, lab, small)
        finally:
            run(["umount", small], check=False)


if __name__ == "__main__":
    check.main(test)
