# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""A running "bhlog serve"."""
import http.client
import re
import signal
import subprocess

from page import Page


class Console:
    def __init__(self, bhlog, directory, *args):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([bhlog, "serve", directory, "--listen", "127.0.0.1:0", *args],
                                        stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.fullmatch(r"http://127\.0\.0\.1:(\d+)/.*\n", line)[1])

    def get(self, path, headers=None, method="GET", body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        c.request(method, path, body, headers or {})
        r = c.getresponse()
        body = r.read().decode("utf-8", "strict")
        c.close()
        return r, body

    def page(self, path, status=200, headers=None):
        r, body = self.get(path, headers)
        assert r.status == status, (path, r.status, body)
        return Page(body)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process.stdout.close()
        return status
