// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "policy/hint.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

// Values that may stand at a key. Some keys are of several types, by where they stand.
static const struct {
	const char *key, *value;
} examples[] = {
	{"schema", "\"egress-policy/1\""},
	{"meta", "{...}"},
	{"id", "\"some-name\""},
	{"version", "1"},
	{"issuer", "\"network office\""},
	{"not_before", "\"2026-01-31T09:00:00+08:00\""},
	{"expires", "\"2026-12-31T23:59:59+08:00\""},
	{"valid_from", "\"2026-01-31T09:00:00+08:00\""},
	{"valid_to", "\"2026-12-31T23:59:59+08:00\""},
	{"timezone", "\"Asia/Shanghai\""},
	{"home", "[\"CN\"]"},
	{"as_of", "\"2026-01-31\""},
	{"countries", "[\"JP\"]"},
	{"partial", "[\"CA\"]"},
	{"overrides", "[{\"prefix\": ..., \"country\": ..., \"note\": ...}]"},
	{"prefix", "\"203.0.113.0/24\""},
	{"country", "\"SG\""},
	{"note", "\"why it is so\""},
	{"tenants", "{\"lab\": {\"prefixes\": [\"10.20.16.0/23\"]}}"},
	{"tenants", "[\"lab\"]"},
	{"prefixes", "[\"10.20.16.0/23\"]"},
	{"vlans", "[100]"},
	{"vnis", "[5001]"},
	{"defaults", "{...}"},
	{"action", "\"block\""},
	{"reason", "\"SOME_REASON\""},
	{"min_confidence", "\"dpi\""},
	{"on_expiry", "\"keep_and_flag\""},
	{"boot_without_policy", "\"block\""},
	{"pending", "{\"action\": \"pass\", ...}"},
	{"max_packets", "{\"tcp\": 80, \"udp\": 24}"},
	{"tcp", "80"},
	{"udp", "24"},
	{"max_bytes_out", "16384"},
	{"max_ms", "3000"},
	{"rules", "[{\"id\": ..., \"match\": ..., \"action\": ..., \"reason\": ...}]"},
	{"match", "{\"border\": [\"cross\"]}"},
	{"initiator", "\"inside\""},
	{"border", "[\"cross\"]"},
	{"src", "[\"10.20.8.0/24\"]"},
	{"dst", "[\"203.0.113.0/24\"]"},
	{"protos", "[\"tcp\"]"},
	{"sports", "[\"1024-65535\"]"},
	{"dports", "[\"443\"]"},
	{"asns", "[64496]"},
	{"hosts", "[\"*.example.org\"]"},
	{"packets", "20"},
	{"snap", "128"},
	{"per", "\"tenant\""},
	{"window", "\"day\""},
	{"then", "\"flag\""},
	{"bytes_out", "1000000000"},
	{"flows", "1000"},
	{"seconds", "3600"},
};

static bool fits(const char *value, json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return *value == '{';
	case JSON_ARRAY:
		return *value == '[';
	case JSON_STRING:
		return *value == '"';
	case JSON_INTEGER:
		return *value >= '0' && *value <= '9';
	default:
		return false;
	}
}

// type JSON_NULL: any.
static const char *example(const char *key, json_type type)
{
	for (size_t i = 0; key != NULL && i < sizeof(examples) / sizeof(examples[0]); i++)
		if (strcmp(examples[i].key, key) == 0 &&
			(type == JSON_NULL || fits(examples[i].value, type)))
			return examples[i].value;
	return NULL;
}

const char *hint_missing(char out[HINT_MAX], const char *key)
{
	const char *value = example(key, JSON_NULL);

	if (value == NULL)
		return NULL;
	snprintf(out, HINT_MAX, "add \"%s\": %s", key, value);
	return out;
}

// What was meant, where the value says it in another form: 443 for "443", ["lab"] for "lab".
static bool in_form(char out[HINT_MAX], const char *list, const json_t *v, json_type wanted)
{
	const char *s = json_string_value(v);
	const bool port =
		list != NULL && (strcmp(list, "dports") == 0 || strcmp(list, "sports") == 0);
	size_t len = json_string_length(v);

	if (wanted == JSON_ARRAY && s != NULL && len != 0 && len < 64 && strpbrk(s, "\"\\") == NULL)
		snprintf(out, HINT_MAX, "write [\"%s\"]", s);
	else if (wanted == JSON_ARRAY && json_is_integer(v))
		snprintf(out, HINT_MAX, "write [%" JSON_INTEGER_FORMAT "]", json_integer_value(v));
	else if (wanted == JSON_STRING && json_is_integer(v) && port)
		snprintf(
			out, HINT_MAX, "write \"%" JSON_INTEGER_FORMAT "\"", json_integer_value(v));
	else if (wanted == JSON_INTEGER && s != NULL && len != 0 && len <= 18 &&
		 strspn(s, "0123456789") == len && (*s != '0' || len == 1))
		snprintf(out, HINT_MAX, "write %s", s);
	else if (wanted == JSON_INTEGER && json_is_real(v) && json_real_value(v) >= 0 &&
		 json_real_value(v) < 1e15 &&
		 (double)(int64_t)json_real_value(v) == json_real_value(v))
		snprintf(out, HINT_MAX, "write %.0f", json_real_value(v));
	else if (wanted == JSON_TRUE && s != NULL &&
		 (strcmp(s, "true") == 0 || strcmp(s, "false") == 0))
		snprintf(out, HINT_MAX, "write %s", s);
	else
		return false;
	return true;
}

const char *hint_type(
	char out[HINT_MAX], const char *key, const char *list, const json_t *v, json_type wanted)
{
	const char *value = example(key, wanted), *all = example(list, JSON_ARRAY);

	if (in_form(out, list, v, wanted))
		return out;
	if (value != NULL)
		snprintf(out, HINT_MAX, "such as %s", value);
	else if (all != NULL && fits(all + 1, wanted)) // without the list's brackets
		snprintf(out, HINT_MAX, "such as %.*s", (int)strlen(all) - 2, all + 1);
	else
		snprintf(out, HINT_MAX, "%s",
			wanted == JSON_OBJECT    ? "it stands in braces: {...}"
			: wanted == JSON_ARRAY   ? "it stands in brackets: [...]"
			: wanted == JSON_STRING  ? "text in double quotes"
			: wanted == JSON_INTEGER ? "digits alone, without quotes or a point"
						 : "true or false, without quotes");
	return out;
}

const char *hint_keys(char out[HINT_MAX], const char *const *known)
{
	size_t used = 0;

	for (size_t i = 0; known[i] != NULL && used < HINT_MAX; i++)
		used += (size_t)snprintf(out + used, HINT_MAX - used, "%s%s",
			i == 0 ? "allowed here: " : ", ", known[i]);
	return used != 0 ? out : NULL;
}
