// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// A policy's way into force: verify the signature, read and compile, hold it against what is in
// force, keep it on disk, publish, record the attempt. Whoever brings it (the file at the start and
// after SIGHUP, a watch, a client of the control socket) goes this way.
#pragma once

#include "app/gateway/gateway.h"

struct policy_offer {
	const char *name;       // of its file, for findings
	const char *text, *sig; // sig NULL: not signed
	size_t len, sig_len;
	const char *how, *who; // as in struct notice_policy
	bool was_in_force;     // the last of an earlier run: the clock is no reason to refuse it
};

// What was stored, as an offer; it borrows all of it.
struct policy_offer gateway_offer_of(
	const struct stored_policy *s, const char *name, const char *how, const char *who);

struct policy_answer {
	uint32_t epoch; // 0: not published
	int64_t compile_us;
	char id[65], sha256[65]; // "" where the text was not read so far
	uint32_t version;
	unsigned rules, limits, tenants;
	char key[80];      // that signed it, "" without
	char why[1024];    // refused: the first reason in one line
	char warning[512]; // published, but ...
	struct diag_list diag;
};

void policy_answer_free(struct policy_answer *a);
// Adds to the warning.
void policy_answer_warn(struct policy_answer *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Everything but putting it into force. NULL where it is refused; the answer says why.
struct policy *gateway_policy_check(
	struct gateway *g, const struct policy_offer *o, struct policy_answer *a);
// Records an attempt in the flow log and in the state directory. outcome as in struct
// notice_policy.
void gateway_policy_note(struct gateway *g, const struct policy_offer *o,
	const struct policy_answer *a, const char *outcome);

// What follows the check: publish, record, say. p: what the check gave; NULL: it was refused. 0, or
// -errno where p stays the caller's.
int gateway_policy_enforce(
	struct gateway *g, struct policy *p, const struct policy_offer *o, struct policy_answer *a);
// Check and enforce. 0 or -errno.
int gateway_policy_offer(struct gateway *g, const struct policy_offer *o, struct policy_answer *a);

// The policy to begin with; check: the file alone. 0 or -errno with everything on standard error.
int gateway_policy_boot(struct gateway *g, bool check);
// For the next start: what to do where there will be no valid policy.
void gateway_policy_remember_boot(struct gateway *g, const struct policy *p);
// Reads the policy file again. how: "reload", "watch".
int gateway_policy_reload(struct gateway *g, const char *how, const char *who);
// Says when a policy in force expires, once.
void gateway_policy_clock(struct gateway *g);

// ---- a candidate: a whole policy in shadow (app/dataplane/shadow.c)

// NULL: there is none.
const struct policy *gateway_candidate(const struct gateway *g);
// Makes a policy the candidate, in place of one before, by the checks of a policy that is pushed;
// recorded, kept over a restart. 0 or -errno.
int gateway_candidate_offer(
	struct gateway *g, const struct policy_offer *o, struct policy_answer *a);
// These need a candidate. As an offer that puts it into force: all checks are made again, for what
// was in force when it came may have changed, and so has the time.
struct policy_offer gateway_candidate_promotion(const struct gateway *g, const char *who);
// Withdraws it; recorded. 0 or -errno.
int gateway_candidate_withdraw(struct gateway *g, const char *who, struct policy_answer *a);
// A policy was put into force: where it is the candidate, that is no candidate any more.
void gateway_candidate_settle(struct gateway *g, const struct policy_offer *o);
// The one of the run before.
void gateway_candidate_boot(struct gateway *g);
// What is said of it; null where there is none.
json_t *gateway_candidate_json(const struct gateway *g);
json_t *gateway_status(struct gateway *g);
// How far the flow log is evidence: who signs, what is checkpointed.
json_t *gateway_evidence_json(const struct gateway *g);

// ---- what clients of the control socket bring: one after the other, in the order they came

enum push_kind {
	PUSH_INTO_FORCE,
	PUSH_SHADOW, // as the candidate
	PUSH_PROMOTE,
	PUSH_WITHDRAW,
};

// A handler of the control socket. What goes into force waits until the workers have counted how
// many live flows get another verdict by it, for a second at most: then the answer has no number.
json_t *gateway_push_begin(struct gateway *g, const struct control_request *r, enum push_kind kind,
	char *err, size_t err_size);
// Goes on with them.
void gateway_push_poll(struct gateway *g);
// Ends the count that is under way, so that whatever comes now comes after what is being pushed.
void gateway_push_settle(struct gateway *g);
// Before the workers stop: all of them, without a count.
void gateway_push_close(struct gateway *g);

// Watches the policy's file and its signature for changes (policy_watch).
int gateway_watch_open(struct gateway *g);
void gateway_watch_poll(struct gateway *g);
void gateway_watch_close(struct gateway *g);
