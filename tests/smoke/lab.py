# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""Network namespaces, veth pairs and the processes in them.

Every name has the test's name and pid in it, so that runs side by side do not meet. Leaving a Lab kills
what was started, by pid, and removes the namespaces and the folder.
"""
import ctypes
import os
import shutil
import subprocess
import tempfile
import time

from check import Skip, poll

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000

# A frame is to be on the wire as it will be in the capture: no checksums left to a card, no
# segments glued together.
OFFLOADS = ("rx", "tx", "sg", "tso", "gso", "gro", "rxvlan", "txvlan")


def run(argv, seconds=30.0, check=True, **kw):
    """Runs a program to its end and returns it with its output as text."""
    done = subprocess.run(argv, timeout=seconds, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))}: exit {done.returncode}: {done.stderr.strip()}")
    return done


class Namespace:
    """with ns: sockets that are opened belong to it."""

    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        self.home = []

    def argv(self, argv):
        return ["nsenter", f"--net={self.path}", "--", *map(str, argv)]

    def run(self, argv, **kw):
        return run(self.argv(argv), **kw)

    def ip(self, *args):
        return self.run(["ip", *args])  # not "ip -n": that wants to mount

    @staticmethod
    def _enter(path_or_fd):
        fd = os.open(path_or_fd, os.O_RDONLY) if isinstance(path_or_fd, str) else path_or_fd
        try:
            if _libc.setns(fd, CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(fd)

    def __enter__(self):
        self.home.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        self._enter(self.path)
        return self

    def __exit__(self, *_):
        self._enter(self.home.pop())


class Lab:
    def __init__(self, name):
        self.name = f"bh-{name}-{os.getpid()}"
        self.spaces = []
        self.processes = []
        self.dir = tempfile.mkdtemp(prefix=f"{self.name}-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            for p in reversed(self.processes):
                stop(p)
        finally:
            for ns in self.spaces:
                self._remove(ns)
            shutil.rmtree(self.dir, ignore_errors=True)

    @staticmethod
    def _remove(ns):
        # What servers forked is still there; nobody else is in a namespace of ours.
        left = run(["ip", "netns", "pids", ns.name], check=False).stdout.split()
        for pid in left:
            try:
                os.kill(int(pid), 9)
            except ProcessLookupError:
                pass
        run(["ip", "netns", "del", ns.name], check=False)

    def namespace(self, role):
        ns = Namespace(f"{self.name}-{role}")
        done = run(["ip", "netns", "add", ns.name], check=False)
        if done.returncode != 0:
            raise Skip(f"no network namespaces: {done.stderr.strip()}")
        self.spaces.append(ns)
        ns.ip("link", "set", "lo", "up")
        return ns

    def veth(self, a, a_name, b, b_name, mtu=1500):
        """A cable between two namespaces; both ends are up and without offloads."""
        a.ip("link", "add", a_name, "mtu", mtu, "type", "veth", "peer", "name", b_name, "mtu", mtu, "netns",
             b.name)
        for ns, name in ((a, a_name), (b, b_name)):
            ns.run(["ethtool", "-K", name] + [w for o in OFFLOADS for w in (o, "off")], check=False)
            # A veth queues on the CPU of whoever sends, so that a sender that moves overtakes itself.
            # One CPU for all keeps the order that a cable would.
            run(["ip", "netns", "exec", ns.name, "sh", "-c",
                 f"echo 1 >/sys/class/net/{name}/queues/rx-0/rps_cpus"], check=False)
            ns.ip("link", "set", name, "up")

    def path(self, name):
        return os.path.join(self.dir, name)

    def spawn(self, ns, argv, name, **kw):
        """Starts a program; what it prints is in path(name + ".out")."""
        with open(self.path(name + ".out"), "ab") as out:
            p = subprocess.Popen(ns.argv(argv) if ns else list(map(str, argv)), stdin=subprocess.DEVNULL,
                                 stdout=out, stderr=subprocess.STDOUT, cwd=self.dir, **kw)
        p.output = out.name
        self.processes.append(p)
        return p


def output(process):
    with open(process.output, encoding="utf-8", errors="replace") as f:
        return f.read()


def stop(process, seconds=5.0):
    """Ends a process and returns its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(seconds)
    return process.returncode


def wait_for_output(process, text, seconds=15.0):
    def seen():
        if text in output(process):
            return True
        if process.poll() is not None:
            raise RuntimeError(f"ended with {process.returncode} before {text!r}:\n{output(process)}")
        return False

    poll(f"{text!r} from {process.args[0]}", seen, seconds)


def need_programs(*names):
    missing = [n for n in names if not shutil.which(n)]
    if missing:
        raise Skip(f"not installed: {' '.join(missing)}")


def need_namespaces():
    """Skips unless this process may make namespaces and enter them."""
    need_programs("ip", "nsenter", "ethtool")
    probe = f"bh-probe-{os.getpid()}-{time.monotonic_ns()}"
    done = run(["ip", "netns", "add", probe], check=False)
    if done.returncode != 0:
        raise Skip(f"no network namespaces here: {done.stderr.strip()}")
    entered = run(["nsenter", f"--net=/run/netns/{probe}", "--", "true"], check=False)
    run(["ip", "netns", "del", probe], check=False)
    if entered.returncode != 0:
        raise Skip(f"network namespaces cannot be entered: {entered.stderr.strip()}")
