// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/control/quota.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>

int quota_init(struct quota *q, uint32_t size)
{
	void *p;

	memset(q, 0, sizeof(*q));
	for (q->size = 64; q->size < size; q->size *= 2)
		;
	p = mmap(NULL, (size_t)q->size * sizeof(*q->counters), PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return -ENOMEM;
	q->counters = p;
	return 0;
}

void quota_fini(struct quota *q)
{
	if (q->counters != NULL)
		munmap(q->counters, (size_t)q->size * sizeof(*q->counters));
	memset(q, 0, sizeof(*q));
}

// FNV-1a, 64 bits, over what names a counter.
static uint64_t key_of(const char *limit, const char *tenant, uint16_t cc)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *limit != '\0'; limit++)
		h = (h ^ (uint8_t)*limit) * 0x100000001b3;
	h = (h ^ 0xff) * 0x100000001b3; // no name has this byte
	for (; *tenant != '\0'; tenant++)
		h = (h ^ (uint8_t)*tenant) * 0x100000001b3;
	h = (h ^ cc) * 0x100000001b3;
	h ^= h >> 32;
	return h != 0 ? h : 1;
}

static bool is_named(
	const struct quota_counter *c, const char *limit, const char *tenant, uint16_t cc)
{
	return c->cc == cc && strcmp(c->limit, limit) == 0 && strcmp(c->tenant, tenant) == 0;
}

static void wait_ready(const struct quota_counter *c)
{
	// Another worker is writing two short names there just now.
	while (atomic_load_explicit(&c->ready, memory_order_acquire) == 0)
		sched_yield();
}

struct quota_counter *quota_find(struct quota *q, const char *limit, const char *tenant,
	uint16_t cc, enum policy_limit_window window)
{
	const char *t = tenant != NULL ? tenant : "";
	uint64_t key = key_of(limit, t, cc), had;

	for (uint32_t i = 0; i < q->size; i++) {
		struct quota_counter *c = &q->counters[(key + i) & (q->size - 1)];

		had = atomic_load_explicit(&c->key, memory_order_acquire);
		if (had == 0) {
			// A part stays free, so that the search for what is not there ends soon.
			if (atomic_load(&q->used) >= q->size / 8 * 7)
				break;
			if (atomic_compare_exchange_strong(&c->key, &had, key)) {
				strncpy(c->limit, limit, QUOTA_NAME_MAX - 1);
				strncpy(c->tenant, t, QUOTA_NAME_MAX - 1);
				c->cc = cc;
				c->window = (uint8_t)window;
				atomic_store(&c->begin, INT64_MIN);
				atomic_store_explicit(&c->ready, 1, memory_order_release);
				atomic_fetch_add(&q->used, 1);
				return c;
			}
		}
		if (had != key)
			continue;
		wait_ready(c);
		if (is_named(c, limit, t, cc))
			return c;
	}
	atomic_fetch_add(&q->refused, 1);
	return NULL;
}

uint64_t quota_lease(struct quota_counter *c, uint64_t max, uint64_t want, unsigned n)
{
	uint64_t committed = atomic_load(&c->committed), left, share;

	do {
		left = committed < max ? max - committed : 0;
		share = left / (2 * n);
		if (share > want)
			share = want;
		if (share < 2048) // a packet or two: they are counted one by one
			return 0;
	} while (!atomic_compare_exchange_weak(&c->committed, &committed, committed + share));
	return share;
}
