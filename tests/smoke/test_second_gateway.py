#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""An interface is one gateway's alone.

Two gateways with sockets and folders of their own would both forward, and every frame cross twice: the second one is
refused, whatever its mode, and leaves the first one's interfaces as they are. In another network namespace the same
names are other interfaces; and what a gateway had is free again when it is killed.
"""
import json

import check
from check import BRIDGEHEAD
from gateway import Gateway, make_config
from lab import Lab, need_namespaces, need_programs, output, run
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports


def state(ns):
    """What a gateway changes of its interfaces. (The kernel tells of a carrier up to a second late.)"""
    links = json.loads(ns.run(["ip", "-j", "-d", "link", "show"]).stdout)
    return {x["ifname"]: (x["mtu"], x["promiscuity"], "PROMISC" in x["flags"], "UP" in x["flags"])
            for x in links if x["ifname"] != "lo"}


def pings(wire):
    done = wire.inside.run(["ping", "-n", "-c", "5", "-i", "0.2", "-I", TENANTS["auto-oem"][0], SERVERS["US"][0]],
                           check=False)
    return done.stdout


def refused(t, lab, ns, config, what, by):
    other = Gateway(lab, ns, config, config["name"])
    before = state(ns)
    p = lab.spawn(ns, [BRIDGEHEAD, "run", "--config", other.path], config["name"])
    code, said = p.wait(60), output(p)
    t.ok(code == 2, f"{what} is refused", f"exit {code}: {said}")
    t.ok(f"is in use by another gateway, process {by}" in said, "and says who has the interface", said)
    t.equal(state(ns), before, "MTU, promiscuous mode and link are as they were")
    return other


def doctor(ns, path):
    # (With a /sys of the namespace.)
    done = run(["ip", "netns", "exec", ns.name, BRIDGEHEAD, "doctor", "--config", path, "--json"], check=False)
    return [(f["check"], f["level"], f["saw"]) for f in json.loads(done.stdout) if "in use by" in f["saw"]]


def scenario(t, lab):
    ns, elsewhere = lab.namespace("gw"), lab.namespace("gw2")
    wire = Wire(lab, ns)
    lab.veth(elsewhere, "i0", elsewhere, "x0")
    lab.veth(elsewhere, "o0", elsewhere, "y0")
    config = make_config(lab.path("a"), ports(wire), POLICY, COUNTRIES, name="first")
    second = make_config(lab.path("b"), ports(wire), POLICY, COUNTRIES, name="second", mtu=1400)
    with Gateway(lab, ns, config, "first") as gw:
        pid = gw.process.pid
        other = refused(t, lab, ns, second, "a second gateway", pid)
        refused(t, lab, ns, make_config(lab.path("c"), [(wire.out_port, wire.in_port)], POLICY, COUNTRIES, name="pcap",
                                        driver="pcap"), "one by another driver", pid)
        refused(t, lab, ns, make_config(lab.path("d"), [wire.in_port], POLICY, COUNTRIES, name="tap", mode="tap",
                                        single=True), "a tap", pid)
        said = pings(wire)
        t.ok("5 received" in said and "duplicates" not in said and "DUP" not in said, "each frame crosses once", said)
        done = ns.run([BRIDGEHEAD, "run", "--config", other.path, "--check"], check=False)
        t.ok(done.returncode == 0, "--check is about the configuration, and good", done.stdout + done.stderr)
        found = doctor(ns, other.path)
        t.equal([(c, level) for c, level, saw in found if f"another gateway, process {pid}" in saw],
                [("port net_af_packet0", "fail"), ("port net_af_packet1", "fail")], "doctor says who has them", found)
        found = doctor(ns, gw.path)
        t.equal([level for _c, level, _saw in found], ["note", "note"], "and that the running one has its own", found)
        third = make_config(lab.path("e"), [("i0", "o0")], POLICY, COUNTRIES, name="third")
        with Gateway(lab, elsewhere, third, "third") as there:
            code, _ = there.stop()
        t.ok(code == 0, "interfaces of these names in another namespace are others", there.said())
        gw.process.kill()
        gw.process.wait(10)
        with Gateway(lab, ns, second, "second"):
            said = pings(wire)
        t.ok("5 received" in said and "duplicates" not in said, "what a killed gateway had is free", said)


def test(t):
    need_programs("ping")
    need_namespaces()
    with Lab("second") as lab:
        scenario(t, lab)


if __name__ == "__main__":
    check.main(test)
