# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Real servers outside and real clients inside."""
import json
import os
import sys

from check import poll
from lab import run

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = sys.executable or "/usr/bin/python3"
PROGRAMS = ("curl", "openssl", "dig", "dnsmasq", "ssh", "ssh-keygen", "sshd", "iperf3", "ping", "tcpdump")


def add_sbin():
    """Servers are in folders that root's PATH need not have."""
    have = os.environ.get("PATH", "").split(":")
    os.environ["PATH"] = ":".join(have + [d for d in ("/usr/sbin", "/sbin") if d not in have])


def listening(ns, *wanted):
    """Whether all "tcp:443", "udp:53" have a socket in ns."""
    for one in wanted:
        proto, port = one.split(":")
        found = ns.run(["ss", "-Hnl", "-t" if proto == "tcp" else "-u", f"sport = :{port}"]).stdout
        if not found.strip():
            return False
    return True


class Servers:
    """TLS on 443, HTTP on 80, DNS on 53, SSH on 22 on every address of ns; iperf3 on 5201 and, on bulk_udp, 5202."""

    def __init__(self, lab, ns, bulk_udp=None):
        self.lab, self.ns = lab, ns
        self._tls()
        lab.spawn(ns, [PYTHON, os.path.join(HERE, "web.py"), "80"], "web")
        lab.spawn(ns, ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                       "--user=root", "--pid-file=", "--log-facility=-", "--local-ttl=60",
                       "--address=/example/198.51.100.10", "--address=/example/2001:db8:51::10"], "dns")
        self._ssh()
        wanted = ["tcp:443", "tcp:80", "tcp:53", "udp:53", "tcp:22"]
        if bulk_udp:
            lab.spawn(ns, ["iperf3", "--server", "--port", "5201"], "iperf-tcp")
            # Unbound, iperf3 answers UDP from whatever address is first.
            lab.spawn(ns, ["iperf3", "--server", "--port", "5202", "--bind", bulk_udp], "iperf-udp")
            wanted += ["tcp:5201", "tcp:5202"]
        poll(f"servers {wanted}", lambda: listening(ns, *wanted), 20)

    def _tls(self):
        key, cert = self.lab.path("tls.key"), self.lab.path("tls.crt")
        if not os.path.exists(key):
            run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-subj", "/CN=server.example", "-days", "2", "-keyout", key, "-out", cert])
        self.lab.spawn(self.ns, ["openssl", "s_server", "-accept", "443", "-key", key, "-cert", cert, "-www",
                                 "-quiet"], "tls")

    def _ssh(self):
        host, user = self.lab.path("ssh_host"), self.lab.path("ssh_user")
        for path in (host, user):
            if not os.path.exists(path):
                run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path])
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        # sshd insists on being called by its whole path.
        path = next(p for p in ("/usr/sbin/sshd", "/sbin/sshd") if os.path.exists(p))
        self.lab.spawn(self.ns, [path, "-D", "-e", "-f", "/dev/null", "-o", f"HostKey={host}", "-o",
                                 f"AuthorizedKeysFile={user}.pub", "-o", "StrictModes=no", "-o", "UsePAM=no",
                                 "-o", "PermitRootLogin=yes", "-o", "PidFile=none", "-o", "UseDNS=no"], "sshd")


class Clients:
    """What tenants do. Each method returns the finished program."""

    def __init__(self, lab, ns):
        self.lab, self.ns = lab, ns

    def _run(self, argv, seconds):
        return self.ns.run(argv, check=False, seconds=seconds + 10)

    def curl(self, source, url, *more, host=None, at=None, seconds=10):
        """host is what is asked for (SNI, Host), at the address that is connected to."""
        argv = ["curl", "--silent", "--show-error", "--insecure", "--noproxy", "*", "--output", "/dev/null",
                "--interface", source, "--max-time", str(seconds), *more]
        if host:
            port = 443 if url.startswith("https") else 80
            bracket = f"[{at}]" if ":" in at else at
            argv += ["--resolve", f"{host}:{port}:{bracket}"]
        return self._run(argv + [url], seconds)

    def https(self, source, at, host, **kw):
        return self.curl(source, f"https://{host}/", host=host, at=at, **kw)

    def http(self, source, at, host, *more, **kw):
        return self.curl(source, f"http://{host}/", *more, host=host, at=at, **kw)

    def upload(self, source, at, host, size, seconds=30):
        """Bytes that do not compress, to an HTTP server."""
        path = self.lab.path(f"upload-{size}")
        with open(path, "wb") as f:
            f.write(os.urandom(size))
        return self.http(source, at, host, "--upload-file", path, seconds=seconds)

    def openssl(self, source, at, host, seconds=10):
        bracket = f"[{source}]" if ":" in source else source
        target = f"[{at}]:443" if ":" in at else f"{at}:443"
        return self._run(["openssl", "s_client", "-connect", target, "-bind", bracket, "-servername", host], seconds)

    def dig(self, source, at, name, *more, seconds=3):
        return self._run(["dig", f"@{at}", "-b", source, f"+time={seconds}", "+tries=1", "+short", name, *more],
                         seconds)

    def ssh(self, source, at, command="echo hello", seconds=15):
        return self._run(["ssh", "-F", "none", "-b", source, "-i", self.lab.path("ssh_user"), "-o", "BatchMode=yes",
                          "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o",
                          "LogLevel=ERROR", "-o", f"ConnectTimeout={seconds}", f"root@{at}", command], seconds)

    def ping(self, source, at, count=5):
        return self._run(["ping", "-n", "-q", "-i", "0.05", "-c", str(count), "-W", "2", "-I", source, at], 10)

    def iperf_argv(self, source, at, port, seconds, rate, udp=False):
        return ["iperf3", "--client", at, "--bind", source, "--port", str(port), "--time", str(seconds),
                "--bitrate", str(rate), "--json"] + (["--udp", "--length", "1200"] if udp else [])


def iperf_result(path):
    """(bytes sent, packets lost or None for TCP, error) of an iperf3 client's JSON."""
    with open(path, encoding="utf-8") as f:
        r = json.load(f)
    if "error" in r:
        return 0, None, r["error"]
    end = r["end"]
    if "sum" in end and "lost_packets" in end["sum"]:
        return end["sum"]["bytes"], end["sum"]["lost_packets"], ""
    return end["sum_sent"]["bytes"], None, ""
