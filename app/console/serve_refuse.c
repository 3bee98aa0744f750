// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

#include "app/console/serve.h"

#include <string.h>

static void put_text(FILE *out, enum lang lang, bool wrong)
{
	fprintf(out, "<section lang=\"%s\">", lang_tag(lang));
	if (wrong) {
		fputs("<p class=\"state bad\" role=\"alert\">", out);
		html_string(out, word(W_TOKEN_WRONG, lang));
		fputs("</p>", out);
	}
	fputs("<p>", out);
	html_string(out, word(W_TOKEN_WHY, lang));
	fputs("</p></section>\n", out);
}

static void put_word(FILE *out, enum word w)
{
	html_string(out, word(w, LANG_EN));
	fprintf(out, " <span lang=\"%s\">", lang_tag(LANG_ZH));
	html_string(out, word(w, LANG_ZH));
	fputs("</span>", out);
}

// What else was asked for stays so.
static void put_hidden(void *ctx, const char *key, const char *value)
{
	FILE *out = ctx;

	if (strcmp(key, "token") != 0) {
		fputs("<input type=\"hidden\" name=\"", out);
		html_string(out, key);
		fputs("\" value=\"", out);
		html_string(out, value);
		fputs("\">\n", out);
	}
}

void serve_refuse(void *ctx, const struct http_request *r, struct http_reply *reply)
{
	const bool wrong = http_query(r, "token") != NULL;
	FILE *out = open_memstream(&reply->body, &reply->len);

	(void)ctx;
	if (out == NULL) {
		return;
	}
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Bridgehead</title>\n"
	      "<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n<main>\n<h1>",
		out);
	put_word(out, W_TOKEN_NEEDED);
	fputs("</h1>\n", out);
	put_text(out, LANG_EN, wrong);
	put_text(out, LANG_ZH, wrong);
	fputs("<form class=\"filters\" method=\"get\" action=\"", out);
	html_string(out, r->path);
	fputs("\">\n", out);
	http_each_query(r, put_hidden, out);
	fputs("<label>", out);
	put_word(out, W_TOKEN);
	fputs("<input name=\"token\" type=\"password\" autocomplete=\"off\" "
	      "required></label>\n<button>",
		out);
	put_word(out, W_SHOW);
	fputs("</button></form>\n</main>\n</body>\n</html>\n", out);
	fclose(out);
}
