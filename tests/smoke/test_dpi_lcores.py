#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors

"""DPI on lcores of its own: the verdicts and records of test_verdicts.py, by answers over rings."""
import check
from control import bhctl
from exposition import parse
from gateway import Gateway, books, make_config, total
from lab import Lab, need_namespaces, need_programs
from park import COUNTRIES, POLICY, SERVERS, TENANTS, Wire, ports
from peers import PROGRAMS, Clients, Servers, add_sbin
from test_push import sanitized
from test_verdicts import check_records, connect, run_cases


def with_dpi_lcores(config, n):
    """The last n of the configuration's lcores do DPI."""
    lcores = config["workers"]["lcores"]
    config["workers"].update(lcores=lcores[:-n], dpi_lcores=lcores[-n:], idle="sleep")
    return config


def test(t):
    add_sbin()
    need_programs(*PROGRAMS)
    need_namespaces()
    with Lab("dpi") as lab:
        gateway_ns = lab.namespace("gw")
        wire = Wire(lab, gateway_ns)
        Servers(lab, wire.outside)
        clients = Clients(lab, wire.inside)
        config = with_dpi_lcores(make_config(lab.path("gw"), ports(wire), POLICY, COUNTRIES, workers=3), 2)
        with Gateway(lab, gateway_ns, config) as gw:
            # A verdict that needs an answer holds from the answer on: the client of a short exchange may be served.
            wanted = run_cases(t, wire, clients, at_once=False, versions=1)
            # One that says nothing: only the gateway's stop asks for the last word about it.
            me, to = TENANTS["cro-lab"][0], SERVERS["CN"][0]
            silent, error, _ = connect(wire.inside, me, to, 443)
            t.ok(silent is not None, "a connection that stays silent", error)
            stats = gw.settle()
            shown, metrics = bhctl(gw, "stats").stdout, parse(bhctl(gw, "metrics").stdout)
            limit = 4 if sanitized(gw) else 2
            status, seconds = gw.stop()
            silent.close()
        t.equal(status, 0, "the gateway stops well")
        t.ok(seconds < limit, "and within two seconds", f"{seconds:.1f} s", f"{seconds:.2f} s")
        t.equal(books(stats), "", "received = sent + stopped, nothing lost")
        lcores = stats["dpi_lcores"]
        t.equal([x["lcore"] for x in lcores], [2, 3], "two lcores do DPI")
        t.ok(all(x["packets"] > 0 and x["answers"] > 0 for x in lcores), "and flows go to both", lcores,
             f"{[x['packets'] for x in lcores]} packets")
        t.ok("DPI LCORES" in shown and "LCORE     3" in shown, "bhctl stats shows them", shown)
        t.ok("bridgehead_dpi_lcore_packets_total" in metrics, "and so does bhctl metrics", sorted(metrics))
        given, sent = sum(x["packets"] for x in lcores), total(stats, "classification", "packets")
        t.ok(given <= sent, "they give nDPI what the worker sent, but what came after a last word", "",
             f"{given} of {sent}")
        for name in ("lane_full", "answers_late", "unanswered", "contexts_full", "shed"):
            t.equal(total(stats, "classification", name), 0, f"{name} is 0")
        check_records(t, gw, wanted, at_once=False)
        mine = gw.records("--ev", "end", "--addr", to)
        mine = [r for r in mine if (r["src"], r["dport"]) == (me, 443)]
        t.ok(len(mine) == 1 and mine[0]["end"] == "stop" and mine[0].get("conf") == "port" and mine[0]["app"] == "TLS",
             "record: the last word about the silent one came while the gateway stopped", f"{mine}")


if __name__ == "__main__":
    check.main(test)
