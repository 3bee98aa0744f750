# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""The programs that side_by_side.py compares, each between two net_pcap ports that replay a capture
for ever. All use one core for packets and one for everything else."""
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import make_policy

SEQPACKET_MAX = 16384


class Failed(Exception):
    """A program that does not start or does not answer."""


class Program:
    """One running program. Its counters come from DPDK's telemetry."""
    name = ""

    def __init__(self, work, captures, cores, mbufs):
        self.dir = os.path.join(work, self.name)
        os.makedirs(self.dir)
        self.main_core, self.core = cores
        self.mbufs = mbufs
        self.prefix = f"bench-{os.getpid()}-{self.name}"
        self.devices = [f"net_pcap{i},rx_pcap={c},infinite_rx=1" for i, c in enumerate(captures)]
        self.procs = []
        self.telemetry = None

    def eal(self):
        return ["-l", f"{self.main_core},{self.core}", "--in-memory", "--no-pci",
                f"--file-prefix={self.prefix}"] + [f"--vdev={d}" for d in self.devices]

    def spawn(self, argv, **more):
        log = open(os.path.join(self.dir, f"out{len(self.procs)}.txt"), "wb")
        p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                             cwd=self.dir, **more)
        self.procs.append(p)
        return p

    def start(self):
        """Starts it and waits until packets move."""
        raise NotImplementedError

    def ask(self, command):
        self.telemetry.send(command.encode())
        return json.loads(self.telemetry.recv(SEQPACKET_MAX))[command.split(",")[0]]

    def connect(self, timeout=60):
        path = f"/var/run/dpdk/{self.prefix}/dpdk_telemetry.v2"
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            for p in self.procs:
                if p.poll() is not None:
                    raise Failed(f"{self.name} ended: {self.output()}")
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                s.connect(path)
                s.recv(SEQPACKET_MAX)
                self.telemetry = s
                if self.received() > 100000:
                    return
            except (OSError, KeyError, json.JSONDecodeError):
                pass
            s.close()
            time.sleep(0.3)
        raise Failed(f"{self.name}: no packets after {timeout} s: {self.output()}")

    def output(self):
        text = ""
        for i in range(len(self.procs)):
            with open(os.path.join(self.dir, f"out{i}.txt"), encoding="utf-8", errors="replace") as f:
                text += f.read()[-1500:]
        return text

    def ports(self):
        return self.ask("/ethdev/list")

    def received(self):
        return sum(self.ask(f"/ethdev/stats,{p}")["ipackets"] for p in self.ports())

    def sent(self):
        return sum(self.ask(f"/ethdev/stats,{p}")["opackets"] for p in self.ports())

    def thread_times(self):
        """Seconds on a core of each thread, by the kernel's scheduler."""
        pid, times = self.procs[-1].pid, {}
        for tid in os.listdir(f"/proc/{pid}/task"):
            try:
                with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as f:
                    times[tid] = int(f.read().split()[0]) / 1e9
            except (FileNotFoundError, ProcessLookupError):
                pass
        return times

    def rate(self, seconds):
        """Packets a second received and sent, both ports summed; and the share of the time that the
        thread which moves them, the busiest one, had its core."""
        r0, s0, c0, t0 = self.received(), self.sent(), self.thread_times(), time.monotonic()
        time.sleep(seconds)
        r1, s1, c1, t1 = self.received(), self.sent(), self.thread_times(), time.monotonic()
        busy = max(c1[tid] - c0.get(tid, 0) for tid in c1)
        return (r1 - r0) / (t1 - t0), (s1 - s0) / (t1 - t0), min(1.0, busy / (t1 - t0))

    def pause(self):
        self.procs[-1].send_signal(signal.SIGSTOP)

    def resume(self):
        self.procs[-1].send_signal(signal.SIGCONT)

    def stop(self):
        if self.telemetry is not None:
            self.telemetry.close()
        for p in reversed(self.procs):
            if p.poll() is None:
                p.send_signal(signal.SIGCONT)
                p.terminate()
        for p in reversed(self.procs):
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        shutil.rmtree(f"/var/run/dpdk/{self.prefix}", ignore_errors=True)


class Testpmd(Program):
    name = "testpmd"

    def start(self):
        self.spawn(["dpdk-testpmd"] + self.eal() + [
            "--", "--forward-mode=macswap", "--nb-cores=1", f"--total-num-mbufs={self.mbufs}"])
        self.connect()


class L3fwd(Program):
    name = "l3fwd"
    path = ""

    def start(self):
        # One lcore alone: it asks each port for a transmit queue an lcore, and these ports have one.
        eal = ["-l", str(self.core)] + self.eal()[2:]
        self.spawn([self.path] + eal + [
            "--", "-p", "0x3", "-P", "-L", "--parse-ptype", "--config",
            f"(0,0,{self.core}),(1,0,{self.core})"])
        self.connect()


class Gateway(Program):
    name = "bridgehead"
    path = ""

    def start(self):
        policy = os.path.join(self.dir, "policy.json")
        config = os.path.join(self.dir, "gateway.json")
        with open(policy, "w", encoding="utf-8") as f:
            json.dump(make_policy.policy(13, 8), f)
        with open(config, "w", encoding="utf-8") as f:
            json.dump({
                "schema": "gateway/1", "name": "bench", "mode": "inline", "eal": self.eal(),
                "wires": [{"name": "w", "inside": "net_pcap0", "outside": "net_pcap1"}],
                "workers": {"lcores": [self.core], "burst": 64, "mbufs": self.mbufs},
                "flows": {"max": 262144},
                "dpi": {"contexts": 131072, "classify": "always"},
                "country_db": ["/usr/share/tor/geoip", "/usr/share/tor/geoip6"],
                "policy": policy, "state_dir": os.path.join(self.dir, "state"),
                "log": {"dir": os.path.join(self.dir, "log")},
                "control_socket": os.path.join(self.dir, "control.sock")}, f)
        os.makedirs(os.path.join(self.dir, "state"))
        self.spawn([self.path, "run", "--config", config])
        self.connect()


class OpenVSwitch(Program):
    """OVS-DPDK with a database and sockets of its own, apart from any that the machine runs."""
    name = "ovs-ct"
    flows = ("priority=0,actions=drop\n"
             "table=0,priority=10,udp,ct_state=-trk,actions=ct(table=1)\n"
             "table=1,priority=10,in_port=1,udp,ct_state=+trk+new,actions=ct(commit),output:2\n"
             "table=1,priority=10,in_port=2,udp,ct_state=+trk+new,actions=ct(commit),output:1\n"
             "table=1,priority=10,in_port=1,udp,ct_state=+trk+est,actions=output:2\n"
             "table=1,priority=10,in_port=2,udp,ct_state=+trk+est,actions=output:1\n")

    def tool(self, *argv, stdin=None):
        r = subprocess.run(argv, env=self.env, input=stdin, text=True, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=120, check=False)
        if r.returncode != 0:
            raise Failed(f"{' '.join(argv)}: {r.stdout}")

    def start(self):
        self.env = dict(os.environ, OVS_RUNDIR=self.dir, OVS_LOGDIR=self.dir, OVS_DBDIR=self.dir)
        db, sock = os.path.join(self.dir, "conf.db"), f"unix:{self.dir}/db.sock"
        self.tool("ovsdb-tool", "create", db, "/usr/share/openvswitch/vswitch.ovsschema")
        self.spawn(["ovsdb-server", db, f"--remote=p{sock}", "--no-chdir"], env=self.env)
        for _ in range(100):
            if os.path.exists(os.path.join(self.dir, "db.sock")):
                break
            time.sleep(0.05)
        vsctl = ("ovs-vsctl", f"--db={sock}", "--no-wait")
        self.tool(*vsctl, "init")
        extra = f"--in-memory --no-pci --file-prefix={self.prefix}"
        self.tool(*vsctl, "set", "Open_vSwitch", ".", "other_config:dpdk-init=true",
                  f'other_config:dpdk-extra="{extra}"',
                  f"other_config:dpdk-lcore-mask={1 << self.main_core:#x}",
                  f"other_config:pmd-cpu-mask={1 << self.core:#x}")
        self.tool(*vsctl, "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")
        for i, d in enumerate(self.devices):
            self.tool(*vsctl, "add-port", "br0", f"p{i}", "--", "set", "Interface", f"p{i}",
                      "type=dpdk", f"ofport_request={i + 1}", f'options:dpdk-devargs="{d}"')
        # In a network namespace of its own: it makes a tap interface for the bridge.
        self.spawn(["unshare", "--net", "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk", sock,
                    "--no-chdir"], env=self.env)
        until = time.monotonic() + 60
        while True:
            try:
                self.tool("ovs-ofctl", "-O", "OpenFlow14", "replace-flows", f"{self.dir}/br0.mgmt", "-",
                          stdin=self.flows)
                break
            except Failed:
                if time.monotonic() > until or self.procs[-1].poll() is not None:
                    raise
                time.sleep(0.5)
        self.connect()
