# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The gateway as a process: its configuration, start and stop, statistics and log."""
import json
import os
import sys
import time

from check import BHCTL, BHLOG, BRIDGEHEAD, SOURCE, poll
from lab import output, run, wait_for_output


def eal_cpus(n_lcores):
    """EAL arguments for n lcores that share the CPUs of this process, however few they are."""
    cpus = ",".join(str(c) for c in sorted(os.sched_getaffinity(0)))
    return [f"--lcores=(0-{n_lcores - 1})@({cpus})"]


def af_packet(number, interface, mtu):
    """A DPDK device on a kernel interface; the rings hold what comes while a worker waits for a CPU."""
    frame = max(2048, (mtu + 88 + 1023) // 1024 * 1024)
    count = (8192 if frame == 2048 else 1024)
    return (f"--vdev=net_af_packet{number},iface={interface},framesz={frame},blocksz={4 * frame},"
            f"framecnt={count}")


def pcap(number, interface):
    """The same by libpcap: slower, but it keeps the type of a VLAN tag."""
    return f"--vdev=net_pcap{number},rx_iface_in={interface},tx_iface={interface}"


def make_config(folder, interfaces, policy, countries, *, name="gw", mode="inline", workers=1, mtu=1500,
                single=False, driver="af_packet", idle="sleep", **parts):
    """A configuration: interfaces are (inside, outside) pairs, or with single=True each a tap of its own.

    Workers rest where nothing comes, so that they leave the cores to clients, servers and the test beside; idle="poll"
    is the gateway's own default. parts are the document's own top-level fields and replace what stands here.
    """
    flat = interfaces if single else [i for pair in interfaces for i in pair]
    config = {
        "schema": "gateway/1", "name": name, "mode": mode,
        "eal": eal_cpus(workers + 1) + ["--no-huge", "--no-shconf", "--no-pci", "-m", "512",
                                        f"--file-prefix=bh-{os.getpid()}-{name}", "--log-level=lib.eal:4"]
        + [af_packet(n, i, mtu) if driver == "af_packet" else pcap(n, i) for n, i in enumerate(flat)],
        "workers": {"lcores": list(range(1, workers + 1)), "mbufs": 32768 if mtu <= 1900 else 8192, "mtu": mtu,
                    "idle": idle, "idle_us": 50},
        "flows": {"max": 32768}, "dpi": {"contexts": 8192},
        "country_db": countries, "policy": policy, "state_dir": os.path.join(folder, "state"),
        "log": {"dir": os.path.join(folder, "log"), "sync_ms": 100},
        "control_socket": os.path.join(folder, "control.sock"),
    }
    if single:
        config["taps"] = [{"name": f"tap-{n}", "port": f"net_{driver}{n}"} for n in range(len(flat))]
    else:
        config["wires"] = [{"name": f"wire-{n}", "inside": f"net_{driver}{2 * n}",
                            "outside": f"net_{driver}{2 * n + 1}"} for n in range(len(interfaces))]
    config.update(parts)
    return config


def total(stats, *path):
    """A counter summed over the workers: total(stats, "outcomes", "pass_allow", "packets")."""
    n = 0
    for value in stats["workers"]:
        for key in path:
            value = value[key]
        n += value
    return n


class Gateway:
    """with Gateway(lab, ns, config) as gw: it forwards; it is stopped at the end."""

    def __init__(self, lab, ns, config, name="gateway"):
        self.lab, self.ns, self.config, self.name = lab, ns, config, name
        self.path = lab.path(f"{name}.json")
        self.log_dir = config["log"]["dir"]
        self.process = None
        self.write_config()

    def write_config(self):
        for d in (self.log_dir, self.config["state_dir"]):
            os.makedirs(d, exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as f:
            json.dump(self.config, f, indent=1)

    def __enter__(self):
        self.process = self.lab.spawn(self.ns, [BRIDGEHEAD, "run", "--config", self.path], self.name)
        wait_for_output(self.process, "is forwarding", 60)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop(60)

    def stop(self, seconds=30.0):
        """SIGTERM; (exit status, seconds it took). Killed where it does not end."""
        begin = time.monotonic()
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except Exception:
            self.process.kill()
            self.process.wait(10)
        return self.process.returncode, time.monotonic() - begin

    def said(self):
        return output(self.process)

    def stats(self):
        done = run([BHCTL, "--socket", self.config["control_socket"], "stats", "--json"])
        return json.loads(done.stdout)

    def port(self, name, stats=None):
        return next(p for p in (stats or self.stats())["ports"] if p["port"] == name)

    def records(self, *filters):
        """What bhlog finds in the log."""
        done = run([BHLOG, "search", self.log_dir, "--json", *filters], check=False)
        if done.returncode not in (0, 1):  # 1: no record matches
            raise RuntimeError(f"bhlog: exit {done.returncode}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait_records(self, what, condition, *filters, seconds=10.0):
        """Records of the log, once condition(records) is true."""
        found = []

        def look():
            found[:] = self.records(*filters)
            return condition(found)

        poll(what, look, seconds)
        return found

    def settle(self, seconds=10.0):
        """Waits until no port has received anything for a while, and returns the statistics."""
        last, since, end = None, time.monotonic(), time.monotonic() + seconds
        while True:
            stats = self.stats()
            now = [p["rx_packets"] for p in stats["ports"]]
            if now != last:
                last, since = now, time.monotonic()
            if time.monotonic() - since > 0.5 or time.monotonic() > end:
                return stats
            time.sleep(0.1)


def books(stats):
    """Whether every packet that came in went out or was stopped by name: a text of what does not add up."""
    wrong = []
    outcomes = {name: total(stats, "outcomes", name, "packets") for name in stats["workers"][0]["outcomes"]}
    received = sum(p["rx_packets"] for p in stats["ports"])
    sent = sum(p["tx_packets"] for p in stats["ports"])
    injected = total(stats, "decisions", "resets_sent")
    stopped = sum(n for name, n in outcomes.items() if not name.startswith("pass_"))
    if sum(outcomes.values()) != received:
        wrong.append(f"received {received}, outcomes {outcomes}")
    if stats["mode"] == "inline" and not received - stopped <= sent <= received - stopped + injected:
        wrong.append(f"received {received}, stopped {stopped}, injected {injected}, sent {sent}")
    for p in stats["ports"]:
        for name in ("rx_missed", "rx_errors", "rx_no_mbuf", "tx_errors"):
            if p[name]:
                wrong.append(f"{p['port']}: {name} {p[name]}")
    for name in outcomes:
        if name.startswith("lost_") and outcomes[name]:
            wrong.append(f"{name} {outcomes[name]}")
    return "\n".join(wrong)


def records_fit(t, log_dir, what="records fit the schema"):
    """Holds a log against the record's schema."""
    validator = os.path.join(SOURCE, "tests", "schema", "validate.py")
    python = next((p for p in ("/usr/bin/python3", sys.executable)
                   if run([p, "-c", "import jsonschema"], check=False).returncode == 0), None)
    if python is None:
        t.skip(what, "no python3-jsonschema")
        return
    done = run([python, validator, log_dir], check=False, seconds=120)
    t.equal("" if done.returncode == 0 else done.stdout + done.stderr, "", what)
