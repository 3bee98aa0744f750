#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""What makes the kernel interface behind a port give frames that the port cannot take whole is said at the start and
while the gateway runs, once each: GRO, and an MTU above the one that the port was set up for. So is that it is gone."""
import json
import time

import check
from check import BRIDGEHEAD, poll
from gateway import Gateway, make_config
from lab import Lab, need_namespaces, need_programs, output
from park import COUNTRIES, POLICY, Wire, ports


def said(gw, *words):
    return [line for line in gw.said().splitlines() if "WARNING" in line and all(w in line for w in words)]


def merging(ns, iface, how):
    ns.run(["ethtool", "-K", iface, "gro", how])


def second(t, lab, ns, gw):
    """A gateway that is refused because this one runs leaves the interfaces as they are."""
    ns.ip("link", "set", "i0", "mtu", "1500")
    config = dict(gw.config, workers=dict(gw.config["workers"], mtu=1400))
    other = Gateway(lab, ns, config, "second")
    p = lab.spawn(ns, [BRIDGEHEAD, "run", "--config", other.path], "second")
    t.ok(p.wait(60) == 2 and "another gateway answers" in output(p), "a second gateway is refused", output(p))
    mtu = [json.loads(ns.run(["ip", "-j", "link", "show", i]).stdout)[0]["mtu"] for i in ("i0", "o0")]
    t.equal(mtu, [1500, 1500], "and has not touched the first one's interfaces")


def scenario(t, lab):
    gateway_ns = lab.namespace("gw")
    wire = Wire(lab, gateway_ns)
    merging(gateway_ns, "i0", "on")
    merging(gateway_ns, "o0", "off")
    with Gateway(lab, gateway_ns, make_config(lab.path("gw"), ports(wire), POLICY, COUNTRIES)) as gw:
        t.equal(len(said(gw, "i0 merges", "GRO", "ethtool -K i0 gro off")), 1, "GRO at the start is said", gw.said())
        t.equal(len(said(gw, "o0")), 0, "and nothing of the other side", gw.said())
        merging(gateway_ns, "o0", "on")
        poll("GRO to be noticed while it runs", lambda: said(gw, "o0 merges", "GRO"), 10)
        gateway_ns.run(["ip", "link", "set", "dev", "i0", "mtu", "3000"])
        poll("a larger MTU to be noticed", lambda: said(gw, "the MTU of i0 is 3000", "set up for 1500"), 10)
        time.sleep(2.5)
        t.equal(len(said(gw, "the MTU of i0")), 1, "it is said once", gw.said())
        gateway_ns.run(["ip", "link", "set", "dev", "i0", "mtu", "1500"])
        time.sleep(2.5)
        gateway_ns.run(["ip", "link", "set", "dev", "i0", "mtu", "9000"])
        poll("the next one, too", lambda: said(gw, "the MTU of i0 is 9000"), 10)
        second(t, lab, gateway_ns, gw)
        for iface in ("i0", "o0"):
            gateway_ns.ip("link", "set", iface, "mtu", "1400")
            smaller = f"the MTU of {iface} is 1400, less than that of workers.mtu, 1500"
            poll("a smaller MTU to be noticed", lambda: said(gw, smaller), 10)
            gateway_ns.ip("link", "set", iface, "mtu", "1500")
        gateway_ns.ip("link", "set", "o0", "name", "other")
        time.sleep(2.5)
        t.equal(len(said(gw)), 6, "no more than that", gw.said())
        gateway_ns.ip("link", "del", "other")
        poll("an interface that is gone to be said",
             lambda: said(gw, "net_af_packet1: its interface, other, is gone"), 10)
        time.sleep(2.5)
        t.equal(len(said(gw)), 7, "it is said once", gw.said())
        code, _ = gw.stop()
    t.equal(code, 0, "SIGTERM ends it", gw.said())


def test(t):
    need_programs("ethtool")
    need_namespaces()
    with Lab("watch") as lab:
        scenario(t, lab)


if __name__ == "__main__":
    check.main(test)
