// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// The policy engine: an egress-policy/1 document, compiled, and its verdict on a flow.
//
// Pure: no DPDK, no nDPI, no log, no thread, no clock, no file. What it needs of the outside comes
// as arguments: a resolver for nDPI's names, the time, what is known of a flow. A compiled policy
// never changes, so any number of threads may evaluate it at once.
#pragma once

#include "policy/diag.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct policy; // compiled, immutable

enum policy_action {
	POLICY_ALLOW, // in rising order: limits and exceptions may only raise
	POLICY_FLAG,
	POLICY_BLOCK,
};

enum policy_border {
	POLICY_BORDER_HOME,
	POLICY_BORDER_CROSS,
	POLICY_BORDER_UNKNOWN,
};

enum policy_severity {
	POLICY_SEV_NONE, // the rule gives none
	POLICY_SEV_INFO,
	POLICY_SEV_LOW,
	POLICY_SEV_MEDIUM,
	POLICY_SEV_HIGH,
	POLICY_SEV_CRITICAL,
};

enum policy_conf { // how sure a label is; the order is that of trust
	POLICY_CONF_NONE,
	POLICY_CONF_PORT,
	POLICY_CONF_IP,
	POLICY_CONF_CACHE,
	POLICY_CONF_DPI,
};

enum policy_initiator {
	POLICY_INIT_INSIDE,
	POLICY_INIT_OUTSIDE,
};

enum policy_block_with {
	POLICY_BLOCK_DROP,
	POLICY_BLOCK_RESET,
};

enum policy_state {
	POLICY_DECIDED,   // no pending rule stands above the one that decided
	POLICY_AGREED,    // pending rules stand above it, but all agree on blocking or on passing
	POLICY_UNDECIDED, // they do not agree: the pending action and its caps apply
};

// Countries: two upper-case letters in one number, 'C' << 8 | 'N'. XX is unknown.
#define POLICY_CC(a, b)     ((uint16_t)((uint16_t)(uint8_t)(a) << 8 | (uint8_t)(b)))
#define POLICY_CC_XX        POLICY_CC('X', 'X')
#define POLICY_VLAN_NONE    0u         // no VLAN tag (802.1Q: VID 0 is no VLAN)
#define POLICY_VNI_NONE     UINT32_MAX // no VXLAN or Geneve header
#define POLICY_TENANT_NONE  0u         // tenant index 0 is always "_unlisted"
#define POLICY_RULE_NONE    UINT16_MAX // no rule
#define POLICY_RULE_DEFAULT 0xfffeu    // the defaults decided
#define POLICY_MAX_RULES    4096
#define POLICY_MAX_APPS     1024 // nDPI application ids are below this
#define POLICY_MAX_CATS     256
#define POLICY_MAX_RISKS    64

struct policy_addr {
	uint8_t version; // 4 or 6
	uint8_t b[16];   // network order; IPv4 in b[0..3], the rest zero
};

// Whether a match may ask for ports of the IP protocol: TCP, UDP, SCTP.
static inline bool policy_has_ports(uint8_t proto)
{
	return proto == 6 || proto == 17 || proto == 132;
}

// Resolves and lists names that the classifier knows. The ids are only compared, never logged.
struct policy_names {
	void *ctx;
	int (*app)(void *ctx, const char *name);      // 0 .. POLICY_MAX_APPS - 1, or -1
	int (*category)(void *ctx, const char *name); // 0 .. POLICY_MAX_CATS - 1, or -1
	int (*risk)(void *ctx, const char *name);     // 0 .. POLICY_MAX_RISKS - 1, or -1
	// The i-th name for "did you mean", NULL past the end.
	const char *(*app_at)(void *ctx, size_t i);
	const char *(*category_at)(void *ctx, size_t i);
	const char *(*risk_at)(void *ctx, size_t i);
	// The TZif data of a timezone (RFC 9636), for the windows of limits: 0 with memory that the
	// library frees, or -ENOENT. NULL: names of timezones are not checked and windows are
	// UTC's.
	int (*zone)(void *ctx, const char *name, uint8_t **data, size_t *len);
};

#define POLICY_ANY_TIME                                                                            \
	INT64_MIN // policy_load(): do not hold not_before and expires against a clock

// Parses, checks and compiles. Everything wrong with the text is a finding in diag, in one go. now
// (seconds since 1970 UTC) refuses a not_before in the future; an expired policy loads, with a
// warning, and policy_eval() follows on_expiry. names may be NULL: then names of applications,
// categories and risks are not resolved, and a policy that uses them is refused.
// Returns NULL on error. Free with policy_free().
struct policy *policy_load(const char *text, size_t len, int64_t now,
	const struct policy_names *names, struct diag_list *diag);

// A policy with one sentence: this action, this reason, for everything. For a gateway that starts
// without a valid policy (boot_without_policy). NULL without memory.
struct policy *policy_builtin(enum policy_action action, const char *reason);

// Frees what evaluation needs and keeps the words (ids, reasons, names), so that records of flows
// that it decided can still be written. policy_eval() must not be called any more.
void policy_free_engine(struct policy *p);
void policy_free(struct policy *p);

// ---- once per flow: where it belongs

// The tenant of the inside end: the tenants whose vlans or vnis (where given) hold, and of those
// the longest prefix. POLICY_TENANT_NONE where none.
uint32_t policy_tenant(
	const struct policy *p, const struct policy_addr *inside, uint16_t vlan, uint32_t vni);

// Whether any tenant's prefix covers the address, whatever its VLANs.
bool policy_inside(const struct policy *p, const struct policy_addr *a);

// The country that an override gives to a remote end (longest prefix). False: no override.
bool policy_override(const struct policy *p, const struct policy_addr *remote, uint16_t *cc);

// The i-th override as the document gives it, i below policy_info.n_overrides.
struct policy_override {
	struct policy_addr addr; // host bits are zero
	uint8_t len;             // bits
	uint16_t cc;
};
void policy_override_at(const struct policy *p, unsigned i, struct policy_override *out);

enum policy_border policy_border(const struct policy *p, uint16_t cc);

// ---- evaluation

struct policy_facts {
	struct policy_addr inside, remote;
	uint16_t sport, dport; // of the end that opened the flow, and of the other; host order
	uint8_t proto;         // IP protocol number
	uint8_t initiator;     // enum policy_initiator
	uint8_t border;        // enum policy_border
	uint16_t cc;
	uint32_t tenant; // from policy_tenant() of the same policy
	uint32_t asn;    // 0: unknown
	// Classification so far. While final is false, apps are pending; hosts are pending until a
	// name is seen; a risk that is set is true, one that is not is pending.
	bool final;
	uint8_t conf;              // enum policy_conf
	uint16_t app, master, cat; // classifier ids; 0: unknown
	uint64_t risks;            // bit i: risk id i
	const char *host;          // SNI, HTTP Host or QUIC SNI; not a DNS query; NULL: none seen
};

struct policy_verdict {
	uint8_t state;    // enum policy_state
	uint8_t action;   // enum policy_action; where undecided: POLICY_ALLOW or POLICY_BLOCK
			  // (pending)
	uint8_t severity; // enum policy_severity
	uint8_t expired;  // 1: on_expiry had a part in it; the reason is then POLICY_EXPIRED
	uint16_t rule;    // index, POLICY_RULE_DEFAULT, or POLICY_RULE_NONE (undecided; expired and
			  // blocked)
	// Evidence: the rule that decided, or one that may still decide, keeps so many of the
	// flow's first packets, so many bytes of each; 0: none does.
	uint16_t capture_packets, capture_snap;
	uint16_t shadow; // first shadow rule that holds above the deciding one, or POLICY_RULE_NONE
};

// First match wins, three-valued. now in seconds since 1970 UTC: rules' valid_from and valid_to and
// the policy's expiry take effect at their second. No allocation; at most a few cache lines a
// dimension. Never fails.
void policy_eval(const struct policy *p, const struct policy_facts *f, int64_t now,
	struct policy_verdict *out);

// The next second after now at which policy_eval() may answer differently for the same facts: a
// rule's valid_from, the second after its valid_to, the policy's expiry. INT64_MAX: none.
int64_t policy_next_change(const struct policy *p, int64_t now);

// ---- limits: what only counting over several packets or flows can tell (policy.md, semantics 5)

#define POLICY_LIMIT_NONE UINT16_MAX
#define POLICY_MAX_LIMITS 256

enum policy_limit_per {
	POLICY_PER_FLOW,
	POLICY_PER_TENANT,
	POLICY_PER_COUNTRY,
	POLICY_PER_TENANT_COUNTRY,
};

enum policy_limit_window {
	POLICY_WINDOW_NONE, // per flow: its life
	POLICY_WINDOW_HOUR,
	POLICY_WINDOW_DAY,
	POLICY_WINDOW_MONTH,
};

struct policy_limit_info {
	const char *id, *reason;
	uint8_t per, window; // enum policy_limit_per, policy_limit_window
	uint8_t action;      // what a verdict is raised to where more than this was used
	uint8_t severity;
	uint64_t bytes_out, flows, seconds; // 0: not limited
};

// All zero and NULL where there is no such limit.
void policy_limit(const struct policy *p, uint16_t limit, struct policy_limit_info *out);

// The limits that hold for a flow on which `rule` decided (index or POLICY_RULE_DEFAULT), by index
// in rising order. Conditions that are still pending do not hold yet. Returns how many.
unsigned policy_limits(const struct policy *p, const struct policy_facts *f, uint16_t rule,
	uint16_t out[POLICY_MAX_LIMITS]);

// The window of the policy's timezone in which now lies, seconds since 1970 UTC: [*begin, *end).
// POLICY_WINDOW_NONE: all time.
void policy_window(const struct policy *p, enum policy_limit_window w, int64_t now, int64_t *begin,
	int64_t *end);

// ---- what it says about itself (valid until policy_free())

struct policy_rule_info {
	const char *id;     // "_default" for the defaults; NULL for POLICY_RULE_NONE
	const char *reason; // reason code
	const char *const *basis;
	unsigned n_basis;
	uint8_t action, severity;
	bool enabled, shadow;
	uint16_t capture_packets, capture_snap; // 0: none
};

struct policy_pending {
	uint8_t action; // POLICY_ALLOW (pass) or POLICY_BLOCK
	uint32_t max_packets_tcp, max_packets_udp;
	uint64_t max_bytes_out;
	uint32_t max_ms;
};

struct policy_info {
	const char *id, *issuer, *title; // title may be NULL
	uint32_t version;
	int64_t not_before, expires; // seconds since 1970 UTC
	const char *timezone;
	unsigned n_rules, n_tenants /* with _unlisted */, n_limits, n_overrides;
	uint8_t min_confidence;      // enum policy_conf
	uint8_t block_with;          // enum policy_block_with
	uint8_t boot_without_policy; // enum policy_action
	uint8_t sha256[32];          // of the exact text; zero for a builtin
	struct policy_pending pending;
};

const struct policy_info *policy_info(const struct policy *p);
// Whether any rule, the default or the expiry may give POLICY_BLOCK; limits and the pending action
// do not count.
bool policy_can_block(const struct policy *p);
// Whether policy_eval() may give POLICY_BLOCK for a flow of which no label, name or risk is known
// or will be (final), by its country, its protocol and the time (seconds since 1970 UTC) alone.
// False is certain; where it is true, an evaluation tells. Two look-ups, for packets that there is
// no time for.
bool policy_may_block(const struct policy *p, uint16_t cc, uint8_t proto, int64_t now);
// The table that it looks into, for who asks often: the policy's own, until policy_next_change().
// NULL: it says true for all. POLICY_ANY_TIME: as before the policy's expiry.
const uint8_t *policy_sieve(const struct policy *p, int64_t now);
bool policy_sieve_blocks(const uint8_t *sieve, uint16_t cc, uint8_t proto);
// What it tells apart of protocols: all of one class have one answer.
enum policy_sieve_class {
	POLICY_SIEVE_TCP,
	POLICY_SIEVE_UDP,
	POLICY_SIEVE_OTHER,
	POLICY_SIEVE_CLASSES
};
static inline enum policy_sieve_class policy_sieve_class(uint8_t proto)
{
	return proto == 6 ? POLICY_SIEVE_TCP : proto == 17 ? POLICY_SIEVE_UDP : POLICY_SIEVE_OTHER;
}
// The ports of which the rules that it tells of for TCP or UDP want one, in order, source or
// destination (of the flow's first packet): a flow with others is not blocked either. All where it
// is the default that blocks.
void policy_sieve_ports(const struct policy *p, enum policy_sieve_class class_, bool destination,
	void (*take)(void *ctx, uint16_t first, uint16_t last), void *ctx);
// Whether a rule or limit asks for the AS of the remote end.
bool policy_asks_asn(const struct policy *p);
// Always fills out; rule may be any value that a verdict can carry.
void policy_rule(const struct policy *p, uint16_t rule, struct policy_rule_info *out);
const char *policy_tenant_name(const struct policy *p, uint32_t tenant);

const char *policy_action_name(enum policy_action a);     // "allow", "flag", "block"
const char *policy_border_name(enum policy_border b);     // "home", "cross", "unknown"
const char *policy_state_name(enum policy_state s);       // "decided", "agreed", "undecided"
const char *policy_severity_name(enum policy_severity s); // NULL for POLICY_SEV_NONE
const char *policy_conf_name(enum policy_conf c);         // NULL for POLICY_CONF_NONE
