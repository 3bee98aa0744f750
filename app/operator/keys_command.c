// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// bhctl keygen and policy sign.

#include "app/control/policy_file.h"
#include "app/control/policy_sig.h"
#include "app/control/state_file.h"
#include "app/evidence/rotation.h"
#include "app/operator/command.h"
#include "app/operator/offline.h"
#include "app/operator/outputs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char keygen_usage[] =
	"usage: bhctl keygen --name NAME --out FILE [--replaces FILE]\n"
	"\n"
	"Makes an Ed25519 key. The private half goes to FILE (mode 0600, never over an old file), "
	"the\n"
	"public half to FILE.pub and standard output: that is what \"policy_keys\" of a gateway's\n"
	"configuration, \"log\": {\"key\"} and verifiers are given.\n"
	"\n"
	"  --name NAME  whose key it is, as it will stand in signatures: letters, digits, \".\", "
	"\"_\",\n"
	"               \"-\", \"/\"\n"
	"  --out FILE   where the private key goes\n"
	"  --replaces FILE  private key of the flow log that the new one takes over from: both "
	"sign\n"
	"               that, beside the new one in its FILE.rotation, and the gateway puts it "
	"into\n"
	"               the log\n";

// A note that both keys sign, beside the new one.
static int write_rotation(const char *old_path, const struct key_private *new, const char *out)
{
	struct key_private *old = key_for_signing(old_path, NULL);
	char note[NOTE_MAX], path[PATH_MAX];
	size_t len = old != NULL ? rotation_make(old, new, note) : 0;
	int rc = -EINVAL;

	snprintf(path, sizeof(path), "%s.rotation", out);
	if (len != 0)
		rc = state_file_write(path, note, len);
	key_free(old);
	return rc;
}

bool key_in_the_way(
	const char *out, const char *const *suffixes, const char *key, const char *policy)
{
	char pub[PATH_MAX];
	const struct overwrite_file in[] = {{policy, "the policy", false}, {key, "the key", false},
		{key != NULL ? pub : NULL, "the public key", false}};

	snprintf(pub, sizeof(pub), "%s.pub", key != NULL ? key : "");
	return outputs_refused(out, suffixes, in, 3);
}

int keygen_command(const char *socket, int argc, char **argv)
{
	static const char *const suffixes[] = {".pub", ".rotation", NULL};
	const char *name = NULL, *out = NULL, *old = NULL;
	const struct option_of options[] = {
		{"name", &name, NULL}, {"out", &out, NULL}, {"replaces", &old, NULL}};
	char text[KEY_TEXT_MAX + 1], path[PATH_MAX];
	struct key_private *k;
	int rc = command_only_options(keygen_usage, options, 3, argc, argv);

	(void)socket;
	if (rc != 0)
		return rc;
	if (name == NULL || out == NULL)
		return command_misuse(
			keygen_usage, "%s is missing", name == NULL ? "--name NAME" : "--out FILE");
	if (!key_name_ok(name))
		return command_misuse(keygen_usage,
			"--name: \"%s\" is no key's name: at most %d letters, digits, \".\", "
			"\"_\", \"-\", \"/\"",
			name, KEY_NAME_MAX);
	// The public half and the note go over what is there: that must not be the key that goes.
	if (key_in_the_way(out, suffixes, old, NULL))
		return EXIT_ERROR;
	k = key_make(name);
	rc = k != NULL ? key_write_private(k, out) : -ENOMEM;
	if (rc == 0) {
		key_format(key_public_of(k), text);
		puts(text);
		strcat(text, "\n");
		snprintf(path, sizeof(path), "%s.pub", out);
		rc = state_file_write(path, text, strlen(text));
	}
	if (rc == 0 && old != NULL)
		rc = write_rotation(old, k, out);
	key_free(k);
	if (rc == 0)
		return EXIT_GOOD;
	fprintf(stderr, "bhctl: %s: %s\n", out, strerror(-rc));
	return EXIT_ERROR;
}

static const char sign_usage[] =
	"usage: bhctl policy sign --key FILE [--name NAME] [--out FILE] POLICY\n"
	"\n"
	"Checks a policy and signs its exact bytes with its id and version. The signature goes to\n"
	"POLICY.sig, where push and the gateway look for it.\n"
	"\n"
	"  --key FILE   private key, as bhctl keygen makes it\n"
	"  --name NAME  the key's name; default: as FILE.pub says\n"
	"  --out FILE   the signature; default: POLICY.sig\n";

struct key_private *key_for_signing(const char *path, const char *name)
{
	char pub[PATH_MAX], err[512];
	struct key_public p;
	struct key_private *k;

	if (name == NULL) {
		snprintf(pub, sizeof(pub), "%s.pub", path);
		if (!key_read_public(pub, &p, err, sizeof(err))) {
			fprintf(stderr, "bhctl: %s; or give the key's --name\n", err);
			return NULL;
		}
		name = p.name;
	}
	k = key_read_private(path, name, err, sizeof(err));
	if (k == NULL)
		fprintf(stderr, "bhctl: %s\n", err);
	return k;
}

static int sign(const char *path, const char *to, const struct key_private *k)
{
	struct offline_policy p;
	const struct policy_info *i;
	char *sig;
	int rc;

	if (!offline_load(&p, path, true))
		return EXIT_ERROR;
	i = policy_info(p.policy);
	sig = policy_sig_make(k, p.text.text, p.text.len, i->id, i->version);
	rc = sig != NULL ? state_file_write(to, sig, strlen(sig)) : -ENOMEM;
	if (rc == 0)
		printf("%s: policy %s version %u signed by %s+%08x\n", to, i->id, i->version,
			key_public_of(k)->name, key_public_of(k)->id);
	else
		fprintf(stderr, "bhctl: %s: %s\n", to, strerror(-rc));
	free(sig);
	offline_free(&p);
	return rc == 0 ? EXIT_GOOD : EXIT_ERROR;
}

int sign_command(const char *socket, int argc, char **argv)
{
	static const char *const itself[] = {"", NULL};
	const char *key = NULL, *name = NULL, *out = NULL;
	const struct option_of options[] = {
		{"key", &key, NULL}, {"name", &name, NULL}, {"out", &out, NULL}};
	char to[PATH_MAX];
	struct key_private *k;
	int rc = command_options(sign_usage, options, 3, &argc, argv);

	(void)socket;
	if (rc == 0)
		rc = command_words(sign_usage, argc, argv, 1, 1, "POLICY");
	if (rc != 0)
		return rc;
	if (key == NULL)
		return command_misuse(sign_usage, "--key FILE is missing");
	snprintf(to, sizeof(to), "%s%s", out != NULL ? out : argv[0], out != NULL ? "" : ".sig");
	if (key_in_the_way(to, itself, key, argv[0]))
		return EXIT_ERROR;
	k = key_for_signing(key, name);
	if (k == NULL)
		return EXIT_ERROR;
	rc = sign(argv[0], to, k);
	key_free(k);
	return rc;
}
