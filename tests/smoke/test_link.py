#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""A wire whose one side loses its link takes the other down, and up again, as a cable would."""
import json

import check
from check import poll
from frames import INSIDE, OUTSIDE, Capture, Sender, ethernet, mac, read_pcap, udp4
from gateway import Gateway, books, make_config, total
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports
from peers import Clients, add_sbin


STALE = 30


def carrier(ns, name="p0"):
    link = json.loads(ns.run(["ip", "-j", "link", "show", name]).stdout)[0]
    return "LOWER_UP" in link["flags"]


def links_up(gw):
    poll("links to be up", lambda: all(p["link"] == "up" for p in gw.stats()["ports"]), 5)


def promiscuous(ns, *names):
    return ["PROMISC" in json.loads(ns.run(["ip", "-j", "link", "show", n]).stdout)[0]["flags"] for n in names]


def side(t, which, gw, far, near, names, ping):
    """far's cable is pulled and put back; near is to notice."""
    far.ip("link", "set", "p0", "down")
    poll("the other side to go down", lambda: not carrier(near), 5)
    states = {p["port"]: p["link"] for p in gw.stats()["ports"]}
    t.equal(states, {names[0]: "down", names[1]: "taken down"}, f"{which}: statistics say which side lost its link")
    t.ok(True, f"{which}: a side that goes down takes the other down")
    far.ip("link", "set", "p0", "up")
    far.ip("route", "replace", "default", "dev", "p0")
    poll("the other side to come up", lambda: carrier(near), 5)
    near.ip("route", "replace", "default", "dev", "p0")
    t.ok(True, f"{which}: and up again")
    links_up(gw)
    done = poll("a ping to be answered", ping, 10)
    t.ok(done, f"{which}: traffic crosses again")


def test(t):
    add_sbin()
    need_programs("ping")
    need_namespaces()
    with Lab("link") as lab:
        gateway_ns = lab.namespace("gw")
        wire = Wire(lab, gateway_ns)
        ping = lambda: Clients(lab, wire.inside).ping(TENANTS["auto-oem"][0], SERVERS["US"][0], 1).returncode == 0
        names = ("net_af_packet0", "net_af_packet1")
        gateway_ns.ip("link", "set", wire.out_port, "promisc", "on")
        with Gateway(lab, gateway_ns, make_config(lab.path("link"), ports(wire), POLICY, COUNTRIES)) as gw:
            links_up(gw)
            t.ok(ping(), "traffic crosses")
            side(t, "inside", gw, wire.inside, wire.outside, names, ping)
            side(t, "outside", gw, wire.outside, wire.inside, names[::-1], ping)
            wire.outside.ip("link", "set", "p0", "down")
            poll("the inside to go down", lambda: not carrier(wire.inside), 5)
            code, took = gw.stop()
            t.ok(code == 0 and took < 2, "SIGTERM while a side is down ends it within 2 s", gw.said(), f"{took:.2f} s")
            wire.outside.ip("link", "set", "p0", "up")
            poll("the side that was taken down to be up", lambda: carrier(wire.inside), 5)
            t.ok(True, "a gateway that ends leaves no interface taken down")
        t.equal(promiscuous(gateway_ns, wire.in_port, wire.out_port), [False, True],
                "nor one promiscuous that was not before")
        with Gateway(lab, gateway_ns, make_config(lab.path("killed"), ports(wire), POLICY, COUNTRIES), "killed") as gw:
            links_up(gw)
            wire.outside.ip("link", "set", "p0", "down")
            poll("the inside to go down", lambda: not carrier(wire.inside), 5)
            gw.process.kill()
            gw.process.wait()
        wire.outside.ip("link", "set", "p0", "up")
        wire.outside.ip("route", "replace", "default", "dev", "p0")
        with Gateway(lab, gateway_ns, gw.config, "again") as gw:
            poll("the side that was taken down to be up", lambda: carrier(wire.inside), 10)
            wire.inside.ip("route", "replace", "default", "dev", "p0")
            t.ok(poll("a ping to be answered", ping, 10), "one that was killed leaves a wire that the next one mends")
            t.ok("net_af_packet0: its interface was down, and is taken up" in gw.said(), "and says so", gw.said())
            links_up(gw)
        wire.outside.ip("link", "set", "p0", "down")
        with Gateway(lab, gateway_ns, make_config(lab.path("late"), ports(wire), POLICY, COUNTRIES), "late") as gw:
            poll("the inside to go down", lambda: not carrier(wire.inside), 10)
            t.equal({p["port"]: p["link"] for p in gw.stats()["ports"]}, {names[0]: "taken down", names[1]: "down"},
                    "a side that is down when the gateway starts takes the other down")
            wire.outside.ip("link", "set", "p0", "up")
            wire.outside.ip("route", "replace", "default", "dev", "p0")
            links_up(gw)
            wire.inside.ip("route", "replace", "default", "dev", "p0")
            t.ok(poll("a ping to be answered", ping, 10), "and traffic crosses when it comes up")
        with Gateway(lab, gateway_ns, make_config(lab.path("pcap"), ports(wire), POLICY, COUNTRIES, driver="pcap"),
                     "pcap") as gw:
            links_up(gw)
            side(t, "net_pcap", gw, wire.outside, wire.inside, ("net_pcap1", "net_pcap0"), ping)
        config = make_config(lab.path("not"), ports(wire), POLICY, COUNTRIES)
        config["workers"]["link_propagation"] = False
        with Gateway(lab, gateway_ns, config, "not") as gw:
            links_up(gw)
            # The kernel says so up to a second after a carrier is there, too.
            gateway_ns.ip("link", "set", wire.out_port, "state", "dormant")
            poll("the gateway to notice", lambda: gw.port(names[1])["link"] == "down", 5)
            t.ok(ping(), "what is not running and has a carrier is sent to")
            gateway_ns.ip("link", "set", wire.out_port, "state", "up")
            links_up(gw)
            wire.outside.ip("link", "set", "p0", "down")
            poll("the gateway to notice", lambda: gw.port(names[1])["link"] == "down", 5)
            t.ok(carrier(wire.inside), "link_propagation false: the other side stays up")
            sender = Sender(wire.inside, "p0")
            for n in range(STALE):
                sender.send(ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800,
                                     udp4("192.0.2.10", 4001, "198.51.100.10", 4002, bytes(50), ident=n)))
            sender.close()
            gw.settle()
            wire.outside.ip("link", "set", "p0", "up")
            wire.outside.ip("route", "replace", "default", "dev", "p0")
            capture = Capture(lab, wire.outside, "p0", "back")
            t.ok(poll("a ping to be answered", ping, 10), "and the wire works when the side is back")
            capture.quiet()
            capture.stop()
            stats = gw.settle()
        late = [f for f in read_pcap(capture.path) if f[12:14] == b"\x08\x00" and f[36:38] == (4002).to_bytes(2, "big")]
        t.equal(len(late), 0, "what came for a side without a link is not sent later")
        lost = total(stats, "outcomes", "lost_tx_full", "packets")  # some more: what the inside's kernel says by itself
        t.ok(STALE <= lost < STALE + 20, "but lost, and counted", f"{lost}")
        wrong = [line for line in books(stats).splitlines() if not line.startswith("lost_tx_full")]
        t.equal(wrong, [], "nothing else is lost in the gateway")


if __name__ == "__main__":
    check.main(test)
