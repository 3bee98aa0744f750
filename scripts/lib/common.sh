# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
# shellcheck shell=sh
# Small helpers for the scripts beside this folder. Source it: . "$(dirname "$0")/lib/common.sh"

say() {
	printf '%s\n' "$*"
}

die() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
	exit 2
}

# Runs a command as root: as it is where we are root already, else through sudo.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "needs root for: $* (no sudo here; run this script as root)"
	fi
}

# From the project's root: nDPI's captures, where they lie beside it and nobody has said where else.
find_captures() {
	captures=../shared/data/ndpi-pcaps
	if [ -z "${BRIDGEHEAD_CAPTURES+set}" ] && [ -d "$captures/pcap" ]; then
		BRIDGEHEAD_CAPTURES=$(cd "$captures" && pwd)
		export BRIDGEHEAD_CAPTURES
	fi
}
