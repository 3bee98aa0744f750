#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The log's disk fills up: forwarding goes on, what is lost is counted, and once there is room a gap record
tells which numbers are missing."""
import os
import time

import check
from check import Skip, poll
from frames import INSIDE, Captures, Sender, count, difference, ethernet, mac, udp4
from gateway import Gateway, books, check_schema, make_config
from lab import Lab, need_namespaces, need_programs, run
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports

FLOWS = 6000  # 400 bytes of record each and more; the disk has 1 MiB


def many_flows(wire, first):
    """A flow each, of a tenant whose traffic is flagged: two records a flow."""
    sender = Sender(wire.inside, "p0")
    for n in range(first, first + FLOWS):
        sender.send(ethernet(mac(2, 7), mac(INSIDE, 7), 0x0800, udp4(
            TENANTS["cro-lab"][0], 1024 + n % 60000, SERVERS["US"][0], 9, b"x" * 30)))
        if n % 32 == 0:
            time.sleep(0.002)  # within what rings of a busy host hold
    sender.close()


def tmpfs(lab):
    path = lab.path("small")
    os.mkdir(path)
    if run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", path], check=False).returncode != 0:
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
        many_flows(wire, 0)
        poll("the disk to be full", lambda: gw.stats()["log"]["disk_full"], 20)
        t.ok("cannot be written" in gw.said(), "a full disk is said", gw.said())
        many_flows(wire, FLOWS)
        dropped = captures.stop()
        sent, arrived = captures.flows(INSIDE)
        t.equal(dropped, 0, "tcpdump saw everything")
        t.ok(count(sent) >= 2 * FLOWS and sent == arrived, "forwarding goes on before and while the disk is full",
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
    wrong = check_schema(gw.log_dir)
    if wrong is None:
        t.skip("records fit the schema", "no python3-jsonschema")
    else:
        t.equal(wrong, "", "records fit the schema, each hole in the numbers is told")


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
