// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// `bhctl policy simulate`: what a policy would have decided, over captures or over the flow log.
#pragma once

// As bhctl's other commands: the exit status, 0 no verdict changes, 1 some do, 2 an error.
int simulate_command(const char *socket, int argc, char **argv);
