// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Statistics in Prometheus' text format, and as text. tests/smoke/test_shadow.py holds those of a
// live gateway against the format's grammar and against `bhctl stats`.

#include "app/operator/metrics.h"
#include "app/operator/stats_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char with_candidate[] =
	"{\"gateway\":\"g\\\"w\\\\\\n1\",\"version\":\"0.1.0\",\"mode\":\"inline\",\"uptime_s\":7,"
	"\"policy\":{\"id\":\"park\",\"version\":9,\"epoch\":2,\"sha256\":\"ab\",\"expires\":99},"
	"\"candidate\":{\"id\":\"park\",\"version\":10,\"sha256\":\"cd\",\"since\":5000001,"
	"\"flows\":8,\"renamed\":1,\"changes\":{\"allow->block\":3}},"
	"\"log\":{\"written\":5,\"next_seq\":6,\"disk_full\":true,\"evidence\":{\"signer\":\"k+1\","
	"\"blocks\":4,\"checkpoint_blocks\":3,\"checkpoint_t\":7000000,\"ages_wait_s\":90}},"
	"\"ports\":[{\"port\":\"p0\",\"wire\":\"w\",\"side\":\"inside\",\"link\":\"up\","
	"\"rx_packets\":11},{\"port\":\"p1\",\"wire\":\"w\",\"side\":\"outside\",\"link\":\"down\","
	"\"rx_packets\":12}],"
	"\"workers\":[{\"worker\":0,\"lcore\":3,\"loops\":1,\"outcomes\":{\"pass_allow\":{"
	"\"packets\":21,"
	"\"bytes\":22}},\"notes\":{\"vlan\":23},\"flows\":{\"live\":24,\"new_thing\":25,\"ended\":"
	"{\"idle\":26}},\"offload\":{\"live\":27,\"made\":28}},{\"worker\":1,\"lcore\":5,\"loops\":"
	"2,"
	"\"outcomes\":{\"pass_allow\":{\"packets\":31,"
	"\"bytes\":32}},\"notes\":{\"vlan\":33},\"flows\":{\"live\":34,\"new_thing\":35,\"ended\":"
	"{\"idle\":36}},\"offload\":{\"live\":37,\"made\":38}}],\"offload\":{\"rules_made\":41,"
	"\"recall_us_max\":42,\"wires\":[]},\"control\":{\"clients_cut_off\":51,"
	"\"clients_turned_away\":52}}";

static void as_text(const json_t *o, FILE *to)
{
	stats_text(o, false, to);
}

static char *print(const char *json, const char *change, void (*how)(const json_t *o, FILE *to))
{
	json_t *o = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(o);
	assert_non_null(f);
	if (change != NULL)
		json_object_set_new(o, change, json_null());
	how(o, f);
	fclose(f);
	json_decref(o);
	return text;
}

static void lines_are_there(void **state)
{
	static const char *const wanted[] = {
		"bridgehead_info{gateway=\"g\\\"w\\\\\\n1\",version=\"0.1.0\",mode=\"inline\"} 1\n",
		"bridgehead_policy_info{id=\"park\",version=\"9\",sha256=\"ab\"} 1\n",
		"# TYPE bridgehead_policy_epoch gauge\nbridgehead_policy_epoch 2\n",
		"bridgehead_candidate 1\n",
		"bridgehead_candidate_info{id=\"park\",version=\"10\",sha256=\"cd\"} 1\n",
		"bridgehead_candidate_since_timestamp_seconds 5\n",
		"bridgehead_candidate_changes_total{in_force=\"allow\",candidate=\"block\"} 3\n",
		"# TYPE bridgehead_log_written_total counter\nbridgehead_log_written_total 5\n",
		"# TYPE bridgehead_log_next_seq gauge\nbridgehead_log_next_seq 6\n",
		"bridgehead_log_disk_full 1\n",
		"bridgehead_log_signed 1\n",
		"bridgehead_log_checkpoint_blocks 3\n",
		"bridgehead_log_checkpoint_timestamp_seconds 7\n",
		"bridgehead_log_ages_wait_seconds 90\n",
		"bridgehead_port_up{port=\"p0\",wire=\"w\",side=\"inside\"} 1\n"
		"bridgehead_port_up{port=\"p1\",wire=\"w\",side=\"outside\"} 0\n",
		"bridgehead_port_rx_packets_total{port=\"p1\",wire=\"w\",side=\"outside\"} 12\n",
		// The samples of a family stand together.
		"# TYPE bridgehead_packets_total counter\n"
		"bridgehead_packets_total{worker=\"0\",outcome=\"pass_allow\"} 21\n"
		"bridgehead_packets_total{worker=\"1\",outcome=\"pass_allow\"} 31\n",
		"bridgehead_bytes_total{worker=\"1\",outcome=\"pass_allow\"} 32\n",
		"bridgehead_notes_total{worker=\"0\",note=\"vlan\"} 23\n",
		"bridgehead_flows_ended_total{worker=\"1\",end=\"idle\"} 36\n",
		"# TYPE bridgehead_flows_live gauge\nbridgehead_flows_live{worker=\"0\"} 24\n",
		// A counter that nobody here has heard of.
		"# TYPE bridgehead_flows_new_thing_total counter\n"
		"bridgehead_flows_new_thing_total{worker=\"0\"} 25\n"
		"bridgehead_flows_new_thing_total{worker=\"1\"} 35\n",
		"bridgehead_worker_loops_total{worker=\"1\"} 2\n",
		"# TYPE bridgehead_offload_live gauge\nbridgehead_offload_live{worker=\"0\"} 27\n",
		"bridgehead_offload_made_total{worker=\"1\"} 38\n",
		"bridgehead_offload_server_rules_made_total 41\n",
		"bridgehead_offload_server_recall_us_max 42\n",
		"# TYPE bridgehead_control_clients_cut_off_total counter\n"
		"bridgehead_control_clients_cut_off_total 51\n",
		"bridgehead_control_clients_turned_away_total 52\n",
	};
	char *text = print(with_candidate, NULL, metrics_text);

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (strstr(text, wanted[i]) == NULL)
			fail_msg("not there: %s\n%s", wanted[i], text);
	assert_null(strstr(text, "bridgehead_worker_worker"));
	free(text);
}

// Absent, not 0: a version 0 would be one.
static void without_candidate(void **state)
{
	char *text = print(with_candidate, "candidate", metrics_text);

	(void)state;
	assert_non_null(strstr(text, "\nbridgehead_candidate 0\n"));
	assert_null(strstr(text, "bridgehead_candidate_"));
	free(text);
}

static void text_has_what_there_is_one_of(void **state)
{
	static const char *const wanted[] = {
		"loops                                 3              1              2\n",
		// Names are not summed.
		"lcore                                 -              3              5\n",
		"\nOFFLOAD RULES                       ALL\nrules_made                           "
		"41\n",
		"\nCONTROL SOCKET                      ALL\nclients_cut_off                      "
		"51\n"
		"clients_turned_away                  52\n",
	};
	char *text = print(with_candidate, NULL, as_text);

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (strstr(text, wanted[i]) == NULL)
			fail_msg("not there: %s\n%s", wanted[i], text);
	assert_null(strstr(text, "\nworker "));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_there),
		cmocka_unit_test(without_candidate),
		cmocka_unit_test(text_has_what_there_is_one_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
