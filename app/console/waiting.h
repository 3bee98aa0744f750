// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Connections and how long they may take: libmicrohttpd's timeout begins anew with each byte, so
// that a few clients that send one byte at a time would hold all connections for ever.
//
// A connection waits while its client has not sent all of a request; of those that wait too many at
// once the one that waits longest is closed, so that there is always room for who asks in earnest.
#pragma once

#include <stdbool.h>

#define WAITING_MAX 48 // connections that wait

struct waiting;
struct waiting_one;

// Of at most `max` connections. NULL: no memory.
struct waiting *waiting_new(unsigned max);
// When no connection is left.
void waiting_free(struct waiting *w);

// A new connection, which waits. NULL: there are too many.
struct waiting_one *waiting_add(struct waiting *w, int fd, unsigned seconds);
// It has so many seconds from now on, 0: any; waits: for the client to send a request.
void waiting_set(struct waiting *w, struct waiting_one *one, bool waits, unsigned seconds);
// Before the descriptor is closed.
void waiting_remove(struct waiting *w, struct waiting_one *one);
