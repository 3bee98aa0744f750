#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The gateway is killed under traffic, twice: its signed log verifies as it lies there and after the next start,
which tells how many records went with it."""
import json
import os
import time

import check
from check import poll
from frames import INSIDE, Sender, ethernet, mac, udp4
from gateway import BHCTL, BHLOG, Gateway, make_config, records_fit
from lab import Lab, need_namespaces, run
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports

FLOWS = 4000


def some_flows(wire, first):
    sender = Sender(wire.inside, "p0")
    for n in range(first, first + FLOWS):
        sender.send(ethernet(mac(2, 7), mac(INSIDE, 7), 0x0800, udp4(
            TENANTS["cro-lab"][0], 1024 + n % 60000, SERVERS["US"][0], 9, b"x" * 30)))
        if n % 32 == 0:
            time.sleep(0.002)
    sender.close()


def verify(log, key, *args):
    done = run([BHLOG, "verify", log, "--key", key, "--json", *args], check=False)
    return done.returncode, json.loads(done.stdout)


def scenario(t, lab):
    gateway_ns = lab.namespace("gw")
    wire = Wire(lab, gateway_ns)
    key = lab.path("log.key")
    public = run([BHCTL, "keygen", "--name", "gw-a1", "--out", key]).stdout.strip()
    config = make_config(lab.path("gw"), ports(wire), POLICY, COUNTRIES)
    config["log"].update(key=key, sync_ms=100)
    config["flows"]["timeouts_s"] = {"udp": 1}
    log, anchor = config["log"]["dir"], lab.path("anchor")
    for life in range(2):
        with Gateway(lab, gateway_ns, config, f"gateway-{life}") as gw:
            some_flows(wire, life * FLOWS)
            poll("a checkpoint", lambda: os.path.exists(os.path.join(log, "checkpoint")), 20)
            with open(os.path.join(log, "checkpoint"), encoding="utf-8") as f, open(anchor, "w", encoding="utf-8") as to:
                to.write(f.read())
            some_flows(wire, life * FLOWS)
            gw.process.kill()
            gw.process.wait(10)
        status, answers = verify(log, public, "--anchor", anchor)
        t.ok(status == 0, f"life {life}: as it lies there after SIGKILL it verifies, and holds what was checkpointed",
             json.dumps(answers))
    with Gateway(lab, gateway_ns, config, "gateway-2") as gw:
        some_flows(wire, 2 * FLOWS)
        code, _ = gw.stop()
    t.equal(code, 0, "a run that ends")
    status, answers = verify(log, public, "--anchor", anchor)
    t.ok(status == 0, "and after the next start, too", json.dumps(answers))
    gaps = [r for r in gw.records("--ev", "gap") if r["cause"] == "crash"]
    t.equal(len(gaps), 2, "a gap record for each kill")
    t.ok(all("the count is exact" in g["detail"] for g in gaps), "that counts exactly", f"{gaps}")
    t.equal(sum(g["lost"] for g in gaps), answers["lost"], "as many as the blocks' counters say")
    records_fit(t, log, "records fit the schema, each hole in the numbers is told")


def test(t):
    need_namespaces()
    with Lab("crash") as lab:
        scenario(t, lab)


if __name__ == "__main__":
    check.main(test)
