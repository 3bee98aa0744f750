#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Operating a gateway: reload by SIGHUP while traffic runs, a bad policy refused, statistics, the check
without a start, the stop."""
import hashlib
import json
import signal
import socket
import threading
import time

import check
from check import BHCTL, BRIDGEHEAD, SECONDS, poll
from control import bhctl_json
from frames import INSIDE, OUTSIDE, Captures, Sender, count, difference, ethernet, mac, udp4
from gateway import Gateway, books, make_config, records_fit, total
from lab import Lab, need_namespaces, need_programs, run
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports
from peers import PROGRAMS, Clients, Servers, add_sbin, iperf_result


def write_policy(path, version, change=lambda p: None):
    with open(POLICY, encoding="utf-8") as f:
        policy = json.load(f)
    policy["meta"]["version"] = version
    change(policy)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(policy, f, indent=1)


def no_rules(policy):
    policy["rules"] = [{"id": "stop-jp", "match": {"countries": ["JP"]}, "action": "block", "reason": "TEST_STOP"}]
    policy["defaults"]["action"] = "allow"


def attempts(gw):
    return gw.records("--ev", "policy")


def hup(gw, what, n):
    """Reads the policy again; the record of the nth attempt."""
    gw.process.send_signal(signal.SIGHUP)
    return gw.wait_records(what, lambda r: len(r) >= n, "--ev", "policy")[-1]


class Stream:
    """Numbered datagrams both ways, a thousand a second, until it is told to stop."""

    def __init__(self, wire):
        self.out = {INSIDE: Sender(wire.inside, "p0"), OUTSIDE: Sender(wire.outside, "p0")}
        self.n, self.going = 0, True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        a, b = (TENANTS["auto-oem"][0], 4000), (SERVERS["US"][0], 4001)
        while self.going:
            data = self.n.to_bytes(8, "big") * 12
            self.out[INSIDE].send(ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800, udp4(*a, *b, data)))
            self.out[OUTSIDE].send(ethernet(mac(INSIDE, 7), mac(OUTSIDE, 7), 0x0800, udp4(*b, *a, data)))
            self.n += 1
            time.sleep(0.002)

    def stop(self):
        self.going = False
        self.thread.join()
        for s in self.out.values():
            s.close()


def reload(t, lab, gw, wire, path):
    clients = Clients(lab, wire.inside)
    jp = lambda: clients.http(TENANTS["fund-desk"][0], SERVERS["JP"][0], "news.example").returncode
    t.equal(jp(), 0, "reload: allowed by the first policy")
    stream, captures = Stream(wire), Captures(lab, wire, "reload")
    try:
        bulk = lab.spawn(wire.inside, clients.iperf_argv(TENANTS["auto-oem"][0], SERVERS["US"][0], 5201,
                                                         max(4, int(SECONDS / 2)), 8_000_000), "bulk")
        n, refused, begin = 1, 0, time.monotonic()
        while bulk.poll() is None or n < 6:
            version = 8 + n
            if n % 3 == 0:  # a bad one between good ones
                with open(path, "w", encoding="utf-8") as f:
                    f.write('{ "schema": "egress-policy/1", "meta": ')
                refused += 1
            else:
                write_policy(path, version, no_rules if n % 2 else lambda p: None)
            n += 1
            record = hup(gw, f"attempt {n}", n)
            wanted = "refused" if (n - 1) % 3 == 0 else "published"
            if record["outcome"] != wanted:
                t.ok(False, "reload: outcome", f"wanted {wanted}: {record}")
                break
            if time.monotonic() - begin > SECONDS + 60:
                break
            time.sleep(0.1)
        bulk.wait(30)
    finally:
        stream.stop()
    dropped = captures.stop()
    sent, lost, error = iperf_result(bulk.output)
    t.ok(sent and not error, "reload: a bulk upload runs through all attempts", error,
         f"{sent} bytes, {n - 1} attempts")
    t.equal(dropped, 0, "reload: tcpdump saw everything")
    for side in (INSIDE, OUTSIDE):
        a, b = captures.flows(side)
        t.ok(count(a) >= stream.n / 2 and a == b, f"reload: {'outbound' if side == INSIDE else 'inbound'}: the "
             "same frames in order, none lost", difference(a, b), f"{count(a)} frames")
    t.equal(books(gw.stats()), "", "reload: received = sent, nothing lost")
    write_policy(path, 1000, no_rules)
    record = hup(gw, "the new policy", n + 1)
    t.ok(record["outcome"] == "published" and record["pol"] == 1000 and record["how"] == "reload",
         "reload: recorded with version and outcome", f"{record}")
    t.ok(jp() != 0, "reload: the new policy stops what the old one allowed")
    with open(path, "wb") as f:
        f.write(b"\0\xff" * 1000)
    record = hup(gw, "the bad policy", n + 2)
    t.ok(record["outcome"] == "refused" and record.get("detail"), "reload: a bad policy is recorded as refused, with "
         "the first error", f"{record}")
    t.ok(gw.stats()["policy"]["version"] == 1000 and jp() != 0, "reload: and leaves the old one in force")
    t.ok("the policy before stays in force" in gw.said(), "reload: and is said")
    write_policy(path, 1001)
    hup(gw, "the last policy", n + 3)
    t.equal(jp(), 0, "reload: a good one after it is in force")


def hard_words(t, lab, gw):
    """Whatever is in a policy that is pushed, the answer says what is wrong, and the attempt is kept."""
    long = json.dumps({"\u00e9" * 400: {}}, ensure_ascii=False).encode()
    for n, text in enumerate([long, long, b'{"schema": "egress\0policy"}']):
        path = lab.path("h" * (n + 1) + ".json")  # what is too long is cut at every place of a character
        with open(path, "wb") as f:
            f.write(text)
        done = run([BHCTL, "--socket", gw.config["control_socket"], "policy", "push", path], check=False)
        said = "control character" if n == 2 else "unknown key"
        t.ok(done.returncode == 1 and f"{path}:1:" in done.stderr and said in done.stderr and "refused" in done.stderr,
             f"push: refused with the reason, text {n}", done.stdout + done.stderr)
        last = bhctl_json(gw, "policy", "history")[-1]
        t.ok(last["outcome"] == "refused" and last["sha256"] == hashlib.sha256(text).hexdigest()
             and f"{path}:1:" in last["detail"], f"push: and in the history, text {n}", f"{last}")


def statistics(t, gw):
    plain = run([BHCTL, "--socket", gw.config["control_socket"], "stats"])
    stats = gw.stats()
    rx = {p["port"]: str(p["rx_packets"]) for p in stats["ports"]}
    for name, n in rx.items():
        line = next((l.split() for l in plain.stdout.splitlines() if l.startswith(name)), [])
        t.ok(line and line[3] == "up", f"stats: the table has {name} and its link", plain.stdout)
    for word in ("pass_allow", "stop_block", "FLOWS", "LOG", "policy"):
        t.ok(word.lower() in plain.stdout.lower(), f"stats: the table has {word}", plain.stdout)
    t.ok(max(map(len, plain.stdout.splitlines())) <= 120, "stats: the table fits a terminal", plain.stdout)
    bad = run([BHCTL, "--socket", gw.config["control_socket"] + ".none", "stats"], check=False)
    t.ok(bad.returncode == 2 and "is the gateway running" in bad.stderr, "stats: without a gateway: error, exit 2",
         f"{bad.returncode} {bad.stderr}")
    second = run(gw.ns.argv([BRIDGEHEAD, "run", "--config", gw.path]), check=False, seconds=60)
    t.ok(second.returncode == 2 and gw.process.poll() is None, "a second gateway with the same sockets ends with 2, "
         "the first goes on", f"exit {second.returncode}: {second.stderr}")


def stop_counts(t, gw, stats, took, code):
    t.ok(code == 0 and took < 2, "stop: SIGTERM ends it within 2 s with exit 0", f"exit {code}\n{gw.said()}",
         f"{took:.2f} s")
    ended = gw.records("--ev", "end")
    stopped = gw.records("--ev", "stop")
    t.equal(len(stopped), 1, "stop: one stop record")
    s = stopped[0]
    # A connection that was closed says so, and waits in the table for late packets.
    live = [r["end"] for r in ended if r["proto"] != 6]
    t.ok(live and set(live) == {"stop"}, "stop: what was still going on ended by it", f"{live}")
    t.ok({r["end"] for r in ended if r["proto"] == 6} <= {"fin", "rst", "block", "stop"}, "stop: connections tell how "
         "they ended", f"{[r['end'] for r in ended]}")
    t.equal(len(ended), total(stats, "flows", "begun"), "stop: every flow has one end record")
    lines = gw.records()
    t.equal(s["attempted"] - s["lost_ring"] - s["lost_disk"], s["written"], "stop: attempted - lost = written")
    t.equal(s["written"], len(lines), "stop: and all that was written is in the log")
    received = sum(p["rx_packets"] for p in stats["ports"])
    t.ok(received <= s["pkts"] <= received + 20, "stop: counts the packets", f"{received} were received; {s}")
    in_flows = sum(r["op"] + r["rp"] + r["dp"] for r in ended)
    others = s["pkts"] - in_flows - total(stats, "outcomes", "pass_not_ip", "packets")
    t.ok(0 <= others <= 20, "stop: packets of all flows and those that are not IP add up to it",
         f"{in_flows} in flows, {others} are neither, of {s['pkts']}")
    t.equal((s["missed"], s["why"]), (0, "signal"), "stop: nothing missed, and why it stopped")
    records_fit(t, gw.log_dir, "stop: records fit the schema, numbers have no holes, counters add up")


def held_socket(t, gw):
    """Somebody takes every place of the control socket with half a request."""
    held = []
    try:
        for _ in range(20):
            held.append(socket.socket(socket.AF_UNIX))
            held[-1].connect(gw.config["control_socket"])
            held[-1].sendall(b'{"v":1')
        begin = time.monotonic()
        done = run([BHCTL, "--socket", gw.config["control_socket"], "policy", "status"], check=False)
        took = time.monotonic() - begin
        cut_off = gw.stats()["control"]["clients_cut_off"]
        t.ok(done.returncode == 0 and took < 2 and cut_off >= 5, "control socket: an operator is served at once "
             "where half a request holds every place", f"exit {done.returncode}, {took:.2f} s, {cut_off} cut off: "
             f"{done.stderr}")
    finally:
        for s in held:
            s.close()


def test(t):
    add_sbin()
    need_programs(*PROGRAMS)
    need_namespaces()
    with Lab("operate") as lab:
        gateway_ns = lab.namespace("gw")
        wire = Wire(lab, gateway_ns)
        Servers(lab, wire.outside, SERVERS["DE"][1])
        path = lab.path("policy.json")
        write_policy(path, 8)
        config = make_config(lab.path("gw"), ports(wire), path, COUNTRIES)
        config["flows"]["timeouts_s"] = {k: 600 for k in ("tcp_syn", "tcp", "tcp_closing", "udp", "icmp", "other")}
        with Gateway(lab, gateway_ns, config) as gw:
            checked = run([BRIDGEHEAD, "run", "--config", gw.path, "--check"])
            t.ok("good" in checked.stdout and gw.process.poll() is None,
                 "run --check says good beside a running gateway", checked.stdout + checked.stderr)
            reload(t, lab, gw, wire, path)
            hard_words(t, lab, gw)
            statistics(t, gw)
            held_socket(t, gw)
            stats = gw.settle()
            code, took = gw.stop()
        stop_counts(t, gw, stats, took, code)


if __name__ == "__main__":
    check.main(test)
