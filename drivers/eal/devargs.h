// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Arguments of a virtual device: "NAME,key=value,key=value", as --vdev takes them, or without NAME,
// as DPDK keeps them of a device that it has made. Of a key that is there twice, the first counts.
// A library of its own, without DPDK: a configuration is read before there is an EAL.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// How many bytes of text are the device's name.
size_t devargs_name(const char *text);

// The value of a key, *len bytes; NULL: it is not there. text may be NULL.
const char *devargs_find(const char *text, const char *key, size_t *len);

// The value as a string. false where the key is not there, or its value empty or longer than
// size - 1.
bool devargs_copy(const char *text, const char *key, char *out, size_t size);

// The value as a decimal number; otherwise: the key is not there.
long devargs_number(const char *text, const char *key, long otherwise);

#define DEVARGS_PCI_MAX 16

// Whether a device's name is a PCI address, "01:00.0" or "0000:01:00.0"; out: the latter, or "".
bool devargs_pci(const char *name, char out[DEVARGS_PCI_MAX]);

// The interface that a device receives by or, where it receives by none, sends by; net_pcap may
// name one for each. *len bytes; NULL: none.
const char *devargs_interface(const char *text, size_t *len);
