// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A device is one gateway's alone: two that forward between the same interfaces send every frame
// twice, and of two that only listen, the first to end takes the interface's promiscuous mode from
// the other.
//
// What is held is the name of an abstract Unix socket (unix(7)). It belongs to the network
// namespace, as the interface does, so that interfaces of one number in two namespaces are two; it
// ends with the process, however that ends; and it needs no folder that can be written. Any process
// of the namespace may take such a name: who has it is told by the pid.
#pragma once

#include <sys/types.h>

#define HOLD_NAME_MAX 64

// Holds a name ("interface/5"), until the descriptor in *fd is closed. 0, -EADDRINUSE where
// somebody has it, or -errno.
int hold_take(const char *name, int *fd);

// Whether somebody in this network namespace holds the name. *pid: who, 0 where /proc does not tell
// this user. 1, 0: nobody, or -errno: it cannot be told.
int hold_owner(const char *name, pid_t *pid);
