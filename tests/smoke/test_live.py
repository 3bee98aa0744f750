#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
# timeout: 600
"""Looks at live flows (bhctl flows, rules, top, ports, push --dry-run) against what was sent and what the
records say; limits that are passed while traffic runs."""
import ctypes
import json
import os
import pty
import select
import signal
import threading
import time

import check
from check import BHCTL, poll
from control import ask, bhctl, bhctl_json, policy, push
from frames import INSIDE, OUTSIDE, Captures, Sender, ethernet, mac, read_pcap, udp4
from gateway import Gateway, books, make_config
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, SERVERS, TENANTS, Wire, ports
from peers import add_sbin

RULES = [
    {"id": "shadow-us", "match": {"countries": ["US"]}, "action": "block", "reason": "TEST_SHADOW", "shadow": True},
    {"id": "us", "match": {"countries": ["US"]}, "action": "allow", "reason": "TEST_US"},
    {"id": "de", "match": {"countries": ["DE"]}, "action": "flag", "reason": "TEST_DE"},
    {"id": "jp", "match": {"countries": ["JP"]}, "action": "block", "reason": "TEST_JP"},
]
LIMIT = 200_000
SIZE = 1000 + 28  # of a packet, IP


class Talk:
    """Datagrams from tenants, and what was sent: {(tenant, country): [flows, packets]}."""

    def __init__(self, wire):
        self.sender, self.sent = Sender(wire.inside, "p0"), {}

    def send(self, tenant, country, port, packets, data=bytes(1000)):
        frame = ethernet(mac(OUTSIDE, 7), mac(INSIDE, 7), 0x0800,
                         udp4(TENANTS[tenant][0], port, SERVERS[country][0], 4001, data))
        for _ in range(packets):
            self.sender.send(frame)
            time.sleep(0.0005)
        key = self.sent.setdefault((tenant, country), [set(), 0])
        key[0].add(port)
        key[1] += packets

    def sums(self, by):
        """{name: (flows, packets)} by tenant (0) or country (1)."""
        found = {}
        for key, (flows, packets) in self.sent.items():
            had = found.get(key[by], (0, 0))
            found[key[by]] = (had[0] + len(flows), had[1] + packets)
        return found


def settled(gw, packets):
    poll("the packets", lambda: sum(p["rx_packets"] for p in gw.stats()["ports"] if p["side"] == "inside") >= packets)


def only_ours(flows):
    return [f for f in flows if f.get("dport") == 4001]


def looks(t, gw, talk):
    for tenant, country, flows in (("auto-oem", "US", 5), ("fund-desk", "DE", 4), ("cro-lab", "JP", 3),
                                   ("auto-oem", "DE", 2)):
        for n in range(flows):
            talk.send(tenant, country, 4100 + n, 3 + n)
    total = sum(p for _, p in talk.sent.values())
    settled(gw, total)
    answer = bhctl_json(gw, "flows", "--port", "4001", "--limit", "1000")
    ours = answer["flows"]
    t.equal(len(ours), 14, "flows: all that were begun")
    t.equal(sum(f["ob"] + f["db"] for f in ours), total * SIZE, "flows: with the bytes that were sent")
    for argv, count in ((("--tenant", "auto-oem"), 7), (("--country", "de"), 6), (("--act", "block"), 3),
                        (("--rule", "us"), 5), (("--addr", TENANTS["cro-lab"][0]), 3),
                        (("--addr", "198.51.100.0/25"), 5), (("--proto", "udp", "--act", "flag"), 6),
                        (("--border", "home"), 0), (("--port", "4104"), 1)):
        found = bhctl_json(gw, "flows", "--port", "4001", *argv)
        if argv[0] == "--port":
            found = bhctl_json(gw, "flows", *argv)
        t.equal((found["matched"], len(found["flows"])), (count, count), f"flows {' '.join(argv)}")
    for key, value in (("out", lambda f: -f["ob"]), ("packets", lambda f: -f["op"] - f.get("dp", 0)),
                       ("age", lambda f: f["t0"]), ("last", lambda f: -f["t1"])):
        found = bhctl_json(gw, "flows", "--port", "4001", "--sort", key)["flows"]
        t.ok(found == sorted(found, key=value), f"flows --sort {key}", [value(f) for f in found])
    top3 = bhctl_json(gw, "flows", "--port", "4001", "--limit", "3")
    t.equal(([f["ob"] for f in top3["flows"]], top3["matched"]), (sorted((f["ob"] for f in ours), reverse=True)[:3], 14),
            "flows --limit: the first of all")
    table = bhctl(gw, "flows", "--port", "4001")
    lines = table.stdout.splitlines()
    t.ok(len(lines) == 16 and lines[0].startswith("ACT") and len({l.index("udp ") for l in lines[1:15]}) == 1,
         "flows: a line each, in columns", table.stdout)
    none = bhctl(gw, "flows", "--host", "nowhere.example")
    t.ok(none.returncode == 1 and "0 match" in none.stdout, "flows: exit 1 where none matches", none.stdout)
    for argv, said in ((("--port", "70000"), "0 to 65535"), (("--country", "USA"), "two letters"),
                       (("--country", "zz"), 'did you mean "XX"?'), (("--rule", "u"), 'no rule "u" in the policy in force'),
                       (("--tenant", "auto-eom"), 'did you mean "auto-oem"?'),
                       (("--app", "NoSuchApp"), "no application"), (("--addr", "10.0.0.0/abc"), "neither an address"),
                       (("--act", "drop"), "allow, flag, block"), (("--proto", "tpc"), "tcp"), (("--sort", "size"), "packets, age, last")):
        bad = bhctl(gw, "flows", *argv)
        t.ok(bad.returncode == 2 and said in bad.stderr, f"flows {' '.join(argv)}: says what is wrong, exit 2",
             f"exit {bad.returncode}: {bad.stderr}", bad.stderr.strip())
    return ours


def sums(t, gw, talk):
    for by, key in (("tenant", 0), ("country", 1)):
        found = {s["name"]: (s["flows"], s["bytes_out"]) for s in
                 bhctl_json(gw, "top", "--by", by, "--port", "4001")["sums"]}
        blocked = {"cro-lab", "JP"}  # counted as stopped, not as sent
        wanted = {k: (f, 0 if k in blocked else p * SIZE) for k, (f, p) in talk.sums(key).items()}
        t.equal(found, wanted, f"top --by {by}: flows and bytes as sent")
    found = bhctl_json(gw, "top", "--by", "rule", "--port", "4001")["sums"]
    t.equal({s["name"]: s["flows"] for s in found}, {"us": 5, "de": 6, "jp": 3}, "top --by rule")
    # A steady sender while top looks twice.
    end, rates = time.monotonic() + 3, None
    r, w = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(r)
        os.dup2(w, 1)
        os.execv(BHCTL, [BHCTL, "--socket", gw.config["control_socket"], "top", "--by", "tenant", "--json"])
    os.close(w)
    sent, begin = 0, time.monotonic()
    while not select.select([r], [], [], 0)[0] and time.monotonic() < end + 20:
        talk.send("auto-oem", "US", 4100, 4)
        sent += 4
    real = sent * SIZE * 8 / (time.monotonic() - begin)
    with os.fdopen(r) as f:
        rates = json.load(f)
    os.waitpid(child, 0)
    rate = next(s["bits_out_s"] for s in rates["sums"] if s["name"] == "auto-oem")
    t.ok(real / 2 < rate < real * 2 and rates["sums"][0]["name"] == "auto-oem", "top: the rate is what is sent, and "
         "the fastest comes first", f"{rates}", f"sent {real / 1e6:.2f} Mbit/s, shown {rate / 1e6:.2f}")
    table = bhctl(gw, "top", "--by", "app", "--port", "4001").stdout
    t.ok("APP" in table and "OUT BIT/S" in table and "14 match" in table, "top: a table, once", table)
    terminal(t, gw)


def terminal(t, gw):
    child, fd = pty.fork()
    if child == 0:
        os.execv(BHCTL, [BHCTL, "--socket", gw.config["control_socket"], "top", "--by", "country"])
    seen, end = b"", time.monotonic() + 20
    while seen.count(b"q ends") < 2 and time.monotonic() < end:
        if select.select([fd], [], [], 0.5)[0]:
            seen += os.read(fd, 65536)
    os.write(fd, b"q")
    begin = time.monotonic()
    while True:  # until the other side is closed
        try:
            if not os.read(fd, 65536):
                break
        except OSError:
            break
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(fd)
    t.ok(seen.count(b"q ends") >= 2 and code == 0 and time.monotonic() - begin < 1.5,
         "top on a terminal: again and again until q", f"exit {code}: {seen!r}")


def rules(t, gw, talk):
    answer = bhctl_json(gw, "rules")
    found = {r["id"]: r for r in answer["rules"]}
    t.equal({k: (found[k]["hits"], found[k]["flows"]) for k in ("shadow-us", "us", "de", "jp")},
            {"shadow-us": (5, 5), "us": (5, 5), "de": (6, 6), "jp": (3, 3)},
            "rules: hits and flows now, of shadow rules too")
    sent = talk.sums(1)
    t.equal((found["us"]["bytes_out"], found["de"]["bytes_out"], found["shadow-us"]["bytes_out"]),
            (sent["US"][1] * SIZE, sent["DE"][1] * SIZE, 0), "rules: bytes as sent")
    t.ok(abs(found["us"]["last"] / 1e6 - time.time()) < 120, "rules: when it was hit last", found["us"])
    table = bhctl(gw, "rules").stdout
    t.ok("block (shadow)" in table and "TEST_SHADOW" in table, "rules: shadows are marked", table)
    # A reload keeps what rules with the same id have counted; what has gone is said.
    push(gw.config["control_socket"], policy(11, [r for r in RULES if r["id"] != "de"]))
    for port in range(4100, 4105):
        talk.send("auto-oem", "US", port, 1)
    for port in range(4100, 4104):
        talk.send("fund-desk", "DE", port, 1)
    answer = poll("flows under the new policy", lambda: (lambda a: a if next(
        r for r in a["rules"] if r["id"] == "_default")["flows"] >= 4 else None)(bhctl_json(gw, "rules")))
    after = {r["id"]: r for r in answer["rules"]}
    t.ok(after["us"]["hits"] == 5 and after["us"]["bytes_out"] == talk.sums(1)["US"][1] * SIZE,
         "rules: counters go on over a reload", f"{after['us']}")
    t.equal(answer["gone"].get("de", {}).get("hits"), 6, "rules: those that are gone still say what they did")
    t.ok("(gone)" in bhctl(gw, "rules").stdout, "rules: and are marked")


def dry_runs(t, lab, gw):
    candidate = [dict(r, action={"us": "block", "jp": "allow"}.get(r["id"], r["action"])) for r in RULES]
    path = lab.path("candidate.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write(policy(12, candidate))
    answer = bhctl_json(gw, "policy", "push", "--dry-run", "--limit", "4", path)
    moved = {k: v for k, v in answer["changes"].items() if v}
    # Of fund-desk's flows to DE, "de" flags what the defaults have allowed since its rule went; auto-oem's too.
    ours = bhctl_json(gw, "flows", "--port", "4001", "--limit", "1000")["flows"]
    wanted = {"allow->block": sum(f["cc"] == "US" for f in ours), "block->allow": sum(f["cc"] == "JP" for f in ours),
              "allow->flag": sum(f["cc"] == "DE" for f in ours)}
    t.equal(moved, wanted, "dry run: how many change, and which way")
    t.ok(answer["changed"] == sum(wanted.values()) and len(answer["flows"]) == 4 and
         all(f["act"] != f["new_act"] and f["new_rule"] in ("us", "jp", "de") for f in answer["flows"]),
         "dry run: and which", answer["flows"])
    table = bhctl(gw, "policy", "push", "--dry-run", path)
    t.ok(table.returncode == 0 and f"{answer['changed']} of " in table.stdout and "NOW" in table.stdout and
         "Nothing was put into force" in table.stdout, "dry run: as text", table.stdout + table.stderr)
    t.equal(bhctl_json(gw, "policy", "status")["version"], 11, "dry run: nothing is put into force")
    counts(t, gw, path, candidate, answer)


def counted(answer):
    return answer["changed"], answer["live"], {k: v for k, v in answer["changes"].items() if v}


def counts(t, gw, path, rules, dry):
    """What a push, a promotion and a rollback say of live flows is what the dry run said before."""
    wanted = counted(dry)
    done = bhctl(gw, "policy", "push", path)
    said = ", ".join(f"{k} {v}" for k, v in wanted[2].items())
    t.ok(done.returncode == 0 and f"{wanted[0]} of {wanted[1]} live flows changed verdict: {said}\n" in done.stdout,
         "push: says how many live flows changed verdict, as the dry run did", done.stdout + done.stderr)
    again = bhctl_json(gw, "policy", "push", path)
    t.equal(counted(again), (0, wanted[1], {}), "push: none by the very same text")
    back = bhctl_json(gw, "policy", "rollback", "--to", "11")
    t.ok(back["outcome"] == "published" and back["changed"] == wanted[0] and
         counted(back)[2] == {"->".join(reversed(k.split("->"))): v for k, v in wanted[2].items()},
         "rollback: as many, the other way", back)
    with open(path, "w", encoding="utf-8") as f:
        f.write(policy(back["version"] + 1, rules))
    shadow = bhctl_json(gw, "policy", "push", "--shadow", path)
    t.ok(shadow["outcome"] == "shadow" and "changed" not in shadow, "push --shadow: changes none", shadow)
    t.equal(counted(bhctl_json(gw, "policy", "promote")), wanted, "promote: as many as the push")


class Stopped:
    """with Stopped(gw): its worker stands still, and nothing else of it."""

    SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000

    def __init__(self, gw):
        tasks = f"/proc/{gw.process.pid}/task"
        for tid in os.listdir(tasks):
            with open(f"{tasks}/{tid}/comm", encoding="utf-8") as f:
                if "worker" in f.read():
                    self.tid = int(tid)

    def call(self, request):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.ptrace(request, self.tid, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def __enter__(self):
        self.call(self.SEIZE)
        self.call(self.INTERRUPT)
        os.waitpid(self.tid, self.WALL)

    def __exit__(self, *_):
        self.call(self.DETACH)


class Pusher(threading.Thread):
    """A push that waits for its count."""

    def __init__(self, gw, n):
        super().__init__()
        self.path, self.n, self.answer = gw.config["control_socket"], n, None
        self.start()
        time.sleep(0.2)

    def run(self):
        self.answer = push(self.path, policy(self.n, RULES))


def overtaken(t, gw):
    """A file that is read again meanwhile comes after it, and a look at flows waits."""
    seen = []
    look = threading.Thread(target=lambda: seen.append(bhctl_json(gw, "flows")["flows"]))
    with Stopped(gw):
        pusher = Pusher(gw, 32)
        look.start()
        time.sleep(0.2)
        gw.process.send_signal(signal.SIGHUP)
        pusher.join()
    look.join()
    t.ok(seen and seen[0], "push: a look at flows waits for the count")
    poll("the file", lambda: bhctl_json(gw, "policy", "history")[-1]["how"] == "reload")
    noted = [(a["how"], a["version"], a["outcome"]) for a in bhctl_json(gw, "policy", "history")[-2:]]
    t.ok(pusher.answer["changed"] is None and noted == [("push", 32, "published"), ("reload", 10, "published")],
         "push: SIGHUP does not overtake it", f"{pusher.answer} {noted}")


def stopped_at(t, gw):
    """The gateway is stopped meanwhile: it is in force for the next start, and the client knows."""
    with Stopped(gw):
        pusher = Pusher(gw, 50)
        gw.process.terminate()
        pusher.join()
    code, _ = gw.stop()
    last = gw.records("--ev", "policy")[-1]
    t.ok(code == 0 and pusher.answer["outcome"] == "published" and (last["pol"], last["outcome"]) == (50, "published"),
         "push: a stop does not swallow it", f"exit {code}, {pusher.answer}, {last}")


def uncounted(t, gw):
    """A worker does not come to counting: no policy waits for it longer than a second, and nobody else at all."""
    path, answers = gw.config["control_socket"], {}

    def pusher(n):
        begin = time.monotonic()
        answers[n] = push(path, policy(n, RULES)), time.monotonic() - begin

    with Stopped(gw):
        threads = [threading.Thread(target=pusher, args=(n,)) for n in (30, 31)]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
        begin = time.monotonic()
        version = ask(path, "policy.status")["version"]
        took = time.monotonic() - begin
        for thread in threads:
            thread.join()
        t.ok(version < 30 and took < 0.5, "push: others are answered while one is counted", f"{version}, {took:.2f} s")
        t.ok(all(a["outcome"] == "published" and a["changed"] is None for a, _ in answers.values()) and
             answers[30][1] < 2 and answers[31][1] < 3, "push: in force after a second without the number", answers)
        t.equal(answers[31][0]["epoch"], answers[30][0]["epoch"] + 1, "push: two at once, one after the other")
        done = bhctl(gw, "policy", "rollback", "--to", "30")
        t.ok(done.returncode == 0 and "was not counted in time" in done.stdout, "push: and says so",
             done.stdout + done.stderr)
    overtaken(t, gw)
    again = poll("a look", lambda: (lambda a: a if a["changed"] is not None else None)(push(path, policy(40, RULES))))
    t.equal(again["changed"], 0, "push: counts again when the worker goes on")
    t.ok(bhctl_json(gw, "flows")["flows"], "push: and flows can be looked at")


def port_table(t, gw):
    done = bhctl(gw, "ports")
    stats = gw.stats()
    t.ok(done.returncode == 0 and all(p["port"] in done.stdout for p in stats["ports"]) and "MISSED" in done.stdout,
         "ports: a table", done.stdout + done.stderr)
    t.equal([p["port"] for p in bhctl_json(gw, "ports")], [p["port"] for p in stats["ports"]], "ports --json")


def against_records(t, gw, flows):
    """After the end: what was shown live is what was recorded."""
    ended = {r["fid"]: r for r in gw.records("--ev", "end")}
    wrong = [(f, ended.get(f["fid"])) for f in flows if f["fid"] not in ended or any(
        f[k] != ended[f["fid"]][k] for k in ("t0", "src", "dst", "sport", "dport", "proto", "tn", "cc", "border"))]
    t.equal(wrong, [], "flows that were shown are those of the records")


# ---- limits

def limit(tenant, then):
    return {"id": f"day-{tenant}", "match": {"tenants": [tenant]}, "per": "tenant", "window": "day",
            "bytes_out": LIMIT, "then": then, "reason": "TEST_QUOTA", "severity": "high"}


LIMITS = [limit("auto-oem", "block"), limit("fund-desk", "flag")]


def passed_on(capture, tenant):
    """Bytes of IP that went out for a tenant."""
    source = bytes(map(int, TENANTS[tenant][0].split(".")))
    return sum(len(f) - 14 for f in read_pcap(capture.path) if f[12:14] == b"\x08\x00" and f[26:30] == source)


def decision(gw, port, act, tenant="auto-oem"):
    """The last such decision on the flow from that port."""
    found = gw.wait_records(f"a decision {act} on port {port}", lambda r: any(
        x.get("sport") == port and x["act"] == act for x in r), "--ev", "decision", "--tenant", tenant)
    return [x for x in found if x.get("sport") == port and x["act"] == act][-1]


def limits(t, lab, ns, wire, config):
    talk = Talk(wire)
    captures = Captures(lab, wire, "limits")
    with Gateway(lab, ns, config, "limits-1") as gw:
        for tenant in ("auto-oem", "fund-desk"):
            for _ in range(150):  # two flows share the tenant's counter
                talk.send(tenant, "US", 4200, 1)
                talk.send(tenant, "DE", 4201, 1)
        d = decision(gw, 4200, "block")
        t.ok(d.get("limit") == "day-auto-oem" and d["reason"] == "TEST_QUOTA" and d["sev"] == "high" and
             d["tn"] == "auto-oem", "limit: a crossed one writes a decision with its name", d)
        found = gw.wait_records("decisions on both flows", lambda r: len(r) >= 2, "--ev", "decision", "--tenant",
                                "fund-desk")
        t.ok(all(x["act"] == "flag" and x["limit"] == "day-fund-desk" for x in found),
             "limit: one that flags", found)
        shown = bhctl(gw, "flows", "--tenant", "auto-oem").stdout
        t.ok("limit day-auto-oem" in shown, "limit: flows shows what raised the verdict", shown)
        talk.send("auto-oem", "JP", 4202, 5)
        t.equal(decision(gw, 4202, "block").get("limit"), "day-auto-oem", "limit: holds for the tenant's next flow")
        push(gw.config["control_socket"], policy(12, limits=LIMITS))
        talk.send("auto-oem", "JP", 4203, 5)
        t.equal(decision(gw, 4203, "block").get("limit"), "day-auto-oem", "limit: holds after a new policy")
        t.equal(gw.stop()[0], 0, "limit: the gateway stops")
    with Gateway(lab, ns, config, "limits-2") as gw:
        talk.send("auto-oem", "JP", 4204, 5)
        t.equal(decision(gw, 4204, "block").get("limit"), "day-auto-oem", "limit: holds after a restart")
        talk.send("cro-lab", "JP", 4205, 250)
        settled(gw, 255)
        t.equal(books(gw.stats()), "", "limit: received = sent + stopped")
        t.equal(captures.stop(), 0, "limit: tcpdump saw everything")
    out = {tenant: passed_on(captures.outside, tenant) for tenant in ("auto-oem", "fund-desk", "cro-lab")}
    t.ok(LIMIT - SIZE <= out["auto-oem"] <= LIMIT, "limit: exactly so many bytes went out, over two flows and a restart",
         f"{out}", f"{out['auto-oem']} of {LIMIT} bytes")
    t.equal((out["fund-desk"], out["cro-lab"]), (300 * SIZE, 250 * SIZE), "limit: others lose nothing")


def kept(config):
    """The bytes that stand in the file of the counters, and when it was written."""
    path = os.path.join(config["state_dir"], "limits.json")
    if not os.path.exists(path):
        return 0, 0
    with open(path, encoding="utf-8") as f:
        return sum(c["bytes"] for c in json.load(f)["counters"]), os.stat(path).st_mtime_ns


def killed(t, lab, ns, wire, config):
    """kill -9 forgets what was counted in the last second, not more."""
    talk = Talk(wire)
    captures = Captures(lab, wire, "killed")
    packets = 60
    for run in range(4):
        with Gateway(lab, ns, config, f"killed-{run}") as gw:
            talk.send("auto-oem", "US", 4300 + run, packets)
            begin = time.monotonic()
            wanted = min((run + 1) * packets, LIMIT // SIZE) * SIZE
            settled(gw, packets)
            # Where the limit was passed, the packet that did so is counted too.
            poll("what was sent in the file", lambda: wanted <= kept(config)[0] <= wanted + SIZE, 5)
            took = time.monotonic() - begin
            if run == 0:
                t.ok(took < 3, "killed: counters are in the file soon after, within leases too", "", f"{took:.1f} s")
                had = kept(config)
                time.sleep(2.5)
                t.equal(kept(config), had, "killed: and it is not written again while they are the same")
            if run == 3:
                t.equal(captures.stop(), 0, "killed: tcpdump saw everything")
            gw.process.kill()
            gw.process.wait()
    out = passed_on(captures.outside, "auto-oem")
    t.ok(LIMIT - SIZE <= out <= LIMIT, "killed: the limit holds over three kills", f"{out}", f"{out} of {LIMIT} bytes")


def test(t):
    add_sbin()
    need_programs("tcpdump")
    need_namespaces()
    with Lab("live") as lab:
        ns = lab.namespace("gw")
        wire = Wire(lab, ns)
        path = lab.path("policy.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(policy(10, RULES))
        config = make_config(lab.path("gw"), ports(wire), path, COUNTRIES, workers=1)
        config["flows"]["timeouts_s"] = {k: 600 for k in ("tcp_syn", "tcp", "tcp_closing", "udp", "icmp", "other")}
        with Gateway(lab, ns, config) as gw:
            talk = Talk(wire)
            flows = looks(t, gw, talk)
            sums(t, gw, talk)
            rules(t, gw, talk)
            dry_runs(t, lab, gw)
            uncounted(t, gw)
            port_table(t, gw)
            stopped_at(t, gw)
        against_records(t, gw, flows)
        with open(path, "w", encoding="utf-8") as f:
            f.write(policy(11, limits=LIMITS))
        limits(t, lab, ns, wire, make_config(lab.path("limits"), ports(wire), path, COUNTRIES))
        killed(t, lab, ns, wire, make_config(lab.path("killed"), ports(wire), path, COUNTRIES))


if __name__ == "__main__":
    check.main(test)
