#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""mirror.py FROM TO: a SPAN port: what an interface receives and sends is sent on another too.

Not by tc: its mirred is not in every kernel that containers run on.
"""
import socket
import sys

ETH_P_ALL = 3

if __name__ == "__main__":
    source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
    source.bind((sys.argv[1], ETH_P_ALL))
    to = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    to.bind((sys.argv[2], 0))
    print("mirroring", flush=True)
    while True:
        to.send(source.recv(65536))
