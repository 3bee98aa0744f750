#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The log's directory is removed while the gateway writes to it, then where none can be made, then its checkpoints
fail: each is said once and counted, the log begins anew as soon as it can, and what is lost is told there."""
import json
import os
import shutil
import time

import check
from check import poll
from frames import INSIDE, Sender, ethernet, mac, udp4
from gateway import BHCTL, BHLOG, Gateway, make_config, records_fit
from lab import Lab, need_namespaces, run
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports


def some_flows(wire, first, n=200):
    sender = Sender(wire.inside, "p0")
    for i in range(first, first + n):
        sender.send(ethernet(mac(2, 7), mac(INSIDE, 7), 0x0800, udp4(
            TENANTS["cro-lab"][0], 1024 + i, SERVERS["US"][0], 9, b"x" * 30)))
        time.sleep(0.0005)
    sender.close()


def said(gw, what):
    return [line for line in gw.said().splitlines() if what in line]


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
    return not os.path.exists(folder)


def log_of(gw):
    return gw.stats()["log"]


def removed(t, wire, gw, log):
    """The directory alone: it is made again at once."""
    some_flows(wire, 0)
    before = poll("records", lambda: (s := log_of(gw))["written"] > 200 and s, 20)
    os.rename(log, log + ".gone")  # in one step: a removal that is noticed in its midst is told in several
    poll("the folder to go", lambda: remove(log + ".gone"), 10)  # the gateway may just be writing into it
    stats = poll("the loss to be counted", lambda: (s := log_of(gw))["lost_disk"] >= before["written"] and s, 10)
    t.ok(stats["left"] == 1 and stats["removed"] == stats["lost_disk"], "what was removed counts as lost", str(stats))
    t.equal(len(said(gw, "was removed, moved or replaced")), 1, "it is said, once", gw.said())
    poll("a checkpoint of the new log", lambda: os.path.exists(os.path.join(log, "checkpoint")), 20)
    some_flows(wire, 200)
    poll("records in the new log", lambda: any(r["ev"] == "decision" for r in gw.records()), 20)
    gap = gw.records()[0]
    t.ok(gap["ev"] == "gap" and gap["from"] == 1 and gap["to"] == gap["seq"] - 1,
         "its first record is a gap that tells of all before", str(gap))


def nowhere(t, wire, gw, log):
    """With the folder above it: nothing can be made until that is there again."""
    up, aside = os.path.dirname(log), os.path.dirname(log) + ".aside"
    os.rename(up, aside)
    poll("it to be said", lambda: said(gw, "no checkpoint can be made: No such file"), 20)
    some_flows(wire, 400)
    poll("records that cannot be written", lambda: log_of(gw)["disk_full"], 20)
    t.ok(said(gw, "cannot be written: No such file"), "that it cannot be written is said", gw.said())
    os.mkdir(up)
    poll("the log to be written again", lambda: not log_of(gw)["disk_full"], 20)
    t.ok(said(gw, "can be written again"), "and when it can be again, too", gw.said())
    moved = json.loads(run([BHLOG, "verify", os.path.join(aside, "log"), "--json"], check=False).stdout)
    t.equal(moved["integrity"]["status"], "good", "the log that was moved away is whole where it went")


def unsigned(t, gw, log):
    """A checkpoint that cannot be made, for another reason than a full disk."""
    poll("a first checkpoint", lambda: os.path.exists(os.path.join(log, "checkpoint")), 20)
    os.mkdir(os.path.join(log, "checkpoint.new"))
    poll("it to be counted", lambda: log_of(gw)["checkpoints_failed"] > 0, 20)
    t.ok(said(gw, "no checkpoint can be made: Is a directory"), "and said", gw.said())
    os.rmdir(os.path.join(log, "checkpoint.new"))
    poll("it to be said that it works again", lambda: said(gw, "checkpoints can be made again"), 10)


def scenario(t, lab):
    gateway_ns = lab.namespace("gw")
    wire = Wire(lab, gateway_ns)
    key = lab.path("log.key")
    public = run([BHCTL, "keygen", "--name", "gw-a1", "--out", key]).stdout.strip()
    config = make_config(lab.path("gw"), ports(wire), POLICY, COUNTRIES)
    log = os.path.join(lab.path("gw"), "up", "log")
    config["log"].update(key=key, dir=log)
    config["flows"]["timeouts_s"] = {"udp": 1}
    with Gateway(lab, gateway_ns, config) as gw:
        removed(t, wire, gw, log)
        nowhere(t, wire, gw, log)
        unsigned(t, gw, log)
        some_flows(wire, 600)
        code, _ = gw.stop()
    t.equal(code, 0, "SIGTERM ends it", gw.said())
    stop = [r for r in gw.records() if r["ev"] == "stop"]
    verified = run([BHLOG, "verify", log, "--key", public, "--json"], check=False)
    answers = json.loads(verified.stdout)
    t.equal(verified.returncode, 0, "the new log verifies", verified.stdout)
    second = run([os.path.join(check.SOURCE, "scripts", "verify-log"), log, "--key", public], check=False)
    if "needs the Python package" not in second.stderr:
        t.equal(second.returncode, 0, "for the second verifier, too", second.stdout + second.stderr)
    t.equal(answers["attempted"] - answers["lost"], answers["records"], "attempted - lost is what is there")
    t.ok(len(stop) == 1 and stop[0]["lost_disk"] + stop[0]["lost_ring"] == answers["lost"],
         "and what the stop record says", str(stop), str(answers))
    records_fit(t, log, "records fit the schema, each hole in the numbers is told")


def test(t):
    need_namespaces()
    with Lab("removed") as lab:
        scenario(t, lab)


if __name__ == "__main__":
    check.main(test)
