// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Frames from one line of words, so that a table of tests shows what lies in what.
//
//   eth=TYPE ether=LENGTH snap=TYPE bridge=TYPE tag=VID,TYPE mpls=LABEL,BOTTOM pppoe=SESSION,PPP
//   sll=TYPE sll2=TYPE null ppp=TYPE chdlc=TYPE wifi radiotap=LENGTH,FLAGS
//   ip4=PROTO ip4o=PROTO (eight bytes of options) ip4f=PROTO,OFFSET,MORE,ID ip6=NEXT
//   ext=NEXT,UNITS (of eight bytes, a header as RFC 8200, 4.3 has it) frag=NEXT,OFFSET,MORE,ID
//   tcp=S,D udp=S,D sctp=S,D icmp=TYPE,CODE vxlan=VNI geneve=VNI,TYPE gtpu=TEID gtpux=TEID
//   tzsp=INNER capwap=NATIVE data=N hex=BYTES set=OFFSET,VALUE (a byte, when all lengths are made)
//
// Numbers are decimal or 0x. The ends are 10.0.0.1 and 198.51.100.1, or 2001:db8::1 and
// 2001:db8:1::1. IP and UDP lengths reach to the end of the frame.
#pragma once

#include "app/dataplane/parse.h"

#define RECIPE_MAX 4096

struct recipe {
	uint8_t b[RECIPE_MAX];
	uint32_t n;
};

// back: IP addresses and ports change places, but for UDP ports of tunnels.
void recipe_make(struct recipe *r, const char *words, bool back);
