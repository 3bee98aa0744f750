// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// Records in the event schemas of other tools. Each function writes one record (sound, see cells.h)
// as one JSON object without a newline, and tells whether it did: a schema may have no place for
// a record, which is then left out.
#pragma once

#include "app/flowlog/json.h"
#include "app/rows/row.h"

// Suricata's EVE:
//   end                       flow: counts of the flow's whole life
//   decision, flag or block   alert: the reason is the signature
//   notices                   engine: a message in words
//   update, other decisions   left out: an EVE flow is whole, and what they tell is in it
// All of the record but what stands outside of it is in the object "egress", as it is in the log.
bool export_eve(struct json_out *j, const struct row *r);

// Elastic Common Schema 8: every record is an event. Only an end record has bytes and packets in
// ECS's own fields (source, destination, network), so that they may be added up. What ECS has no
// field for is in the object "bridgehead".
bool export_ecs(struct json_out *j, const struct row *r);
