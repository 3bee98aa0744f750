// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/operator/live.h"

#include <string.h>

static const char usage[] =
	"usage: bhctl [--socket PATH] ports [--json]\n"
	"\n"
	"Ports and their links, packets and bytes since the gateway's start. MISSED: came faster "
	"than\n"
	"workers took them; NO MBUF: no memory was left for them; ERRORS: of the card.\n"
	"\n"
	"  --json  the list of ports with drivers and queues, for machines\n"
	"\n"
	"Exit status: 0 good, 1 a link is down, 2 an error.\n";

static const struct grid_column columns[] = {{"PORT", false, 0}, {"WIRE", false, 0},
	{"SIDE", false, 0}, {"LINK", false, 0}, {"RX PKTS", true, 0}, {"RX BYTES", true, 0},
	{"TX PKTS", true, 0}, {"TX BYTES", true, 0}, {"MISSED", true, 0}, {"NO MBUF", true, 0},
	{"RX ERR", true, 0}, {"TX ERR", true, 0}};

static void add(struct grid *g, const json_t *p)
{
	static const char *const words[] = {"port", "wire", "side", "link"};
	static const char *const exact[] = {"rx_missed", "rx_no_mbuf", "rx_errors", "tx_errors"};
	static const char *const amounts[] = {"rx_packets", "rx_bytes", "tx_packets", "tx_bytes"};

	for (unsigned i = 0; i < 4; i++)
		grid_cell(g, "%s", command_text(p, words[i]));
	for (unsigned i = 0; i < 4; i++)
		grid_amount(g, (uint64_t)command_number(p, amounts[i]));
	for (unsigned i = 0; i < 4; i++) // what should be zero is not rounded
		grid_cell(g, "%" JSON_INTEGER_FORMAT, command_number(p, exact[i]));
}

int ports_command(const char *socket, int argc, char **argv)
{
	bool json = false, down = false;
	const struct option_of options[] = {{"json", NULL, &json}};
	json_t *reply, *p;
	struct grid g;
	size_t i;
	int rc = command_only_options(usage, options, 1, argc, argv);

	if (rc != 0)
		return rc;
	reply = command_ask(socket, json_pack("{s:s}", "cmd", "stats"));
	if (reply == NULL)
		return EXIT_ERROR;
	grid_init(&g, columns, sizeof(columns) / sizeof(columns[0]));
	json_array_foreach (json_object_get(reply, "ports"), i, p) {
		down |= strcmp(command_text(p, "link"), "up") != 0;
		add(&g, p);
	}
	if (json)
		command_print_json(json_object_get(reply, "ports"));
	else
		grid_print(&g, SIZE_MAX, 0, stdout);
	grid_free(&g);
	json_decref(reply);
	return down ? EXIT_FINDING : EXIT_GOOD;
}
