// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What a simulation cannot say, in words: whoever decides by it has to know.

#include "app/simulate/simulation.h"

static void note(json_t *list, uint64_t flows, const char *text)
{
	json_t *o = json_pack("{s:s}", "note", text);

	if (flows != 0)
		json_object_set_new(o, "flows", json_integer((json_int_t)flows));
	json_array_append_new(list, o);
}

static void counted(json_t *list, uint64_t flows, const char *text)
{
	if (flows != 0)
		note(list, flows, text);
}

bool simulation_has_windows(const struct policy *p)
{
	struct policy_limit_info l;

	for (uint16_t i = 0; i < policy_info(p)->n_limits; i++) {
		policy_limit(p, i, &l);
		if (l.per != POLICY_PER_FLOW)
			return true;
	}
	return false;
}

static void log_notes(const struct simulation *s, json_t *list)
{
	const struct sim_result *r = &s->result;

	counted(list, r->undecided, "have no final label in the log and are left out");
	counted(list, r->open - (r->undecided < r->open ? r->undecided : r->open),
		"have no end in the log: judged by their last record");
	counted(list, r->local, "have both ends inside: no policy decides them");
	counted(list, r->not_decided,
		"were taken by the gateway itself, for want of room, and are left out");
	counted(list, r->stopped,
		"of those that change were stopped at some time: what they would have sent, and "
		"been "
		"recognised as, is not in the log");
	counted(list, r->doubts.override_kept,
		"have their country from an override that the policy does not have: it was "
		"kept; --country-db looks it up");
	counted(list, r->doubts.no_asn,
		"have no AS in their records: conditions on one do not hold for them");
	counted(list, r->doubts.limit_taken,
		"passed a limit of the same name then: taken to pass it now");
	if (s->windows)
		note(list, 0,
			"limits per tenant or country are counted from the log's beginning and by "
			"its "
			"records, not packets: near the moment at which one is passed a flow may "
			"come "
			"out otherwise");
	note(list, 0,
		"countries and labels are those of then; a log does not tell how long a verdict "
		"would "
		"have waited for a label, nor what would have left before it");
}

json_t *simulation_notes(const struct simulation *s)
{
	json_t *list = json_array();

	if (s->captures) {
		counted(list, s->unmatched, "are in one of both runs only and are not compared");
		note(list, 0,
			"the packets are those of then: who is newly stopped, or no longer, would "
			"have "
			"sent others");
	} else {
		log_notes(s, list);
	}
	if (s->log.gaps != 0)
		note(list, 0, "the log has gaps: flows in them are missing here");
	if (s->log.torn != 0)
		note(list, 0, "the log's last block or line has no end and was left out");
	if (s->log.wrong != 0)
		note(list, 0, "some lines are no records and were left out");
	return list;
}
