// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/flowlog/flowlog_part.h"

void flowlog_get_stats(const struct flowlog *l, struct flowlog_stats *out)
{
	struct capture_files_stats captures = {0};
	struct sealer_state s;

	sealer_get(l->sealer, &s);
	if (l->captures != NULL) {
		capture_files_get_stats(l->captures, &captures);
	}
	*out = (struct flowlog_stats){
		.attempted = l->next_seq - l->first_seq,
		.written = s.written,
		.lost_ring = l->lost_ring,
		.lost_disk = l->lost_disk + s.removed,
		.gaps = l->gaps,
		.bytes = s.bytes,
		.segments = s.segments,
		.next_seq = l->next_seq,
		.captures = captures.files,
		.captures_shed = captures.shed,
		.captures_failed = captures.failed,
		.left = s.left,
		.removed = s.removed,
		.disk_full = is_full_disk(s.error) || is_full_disk(s.tick_error),
		.error = s.error,
		.tick_error = s.tick_error,
		.checkpoints_failed = s.evidence.failed,
		.blocks = s.evidence.blocks,
		.checkpoint_blocks = s.evidence.checkpointed,
		.checkpoint_t = s.evidence.checkpoint_t,
		.ages_wait = s.evidence.ages_wait,
		.signer = l->key != NULL ? key_public_of(l->key) : NULL,
	};
}
