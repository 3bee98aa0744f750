# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Bridgehead authors
"""A page taken apart: every element closed, its tables as rows of texts."""
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "input", "wbr"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.tables, self.lines = [], [], {}, []
        self.section, self.cell, self.row, self.text = None, None, None, []
        self.cells_without_scope = 0
        self.source = text
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attrs and tag != "input":
            self.section = attrs["id"]
        if tag == "tr":
            self.row = []
        if tag in ("td", "th"):
            self.cell = ""
            self.cells_without_scope += tag == "th" and "scope" not in attrs
        if tag == "br" and self.cell is not None:
            self.cell += "\n"

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()
        if tag in ("td", "th"):
            self.row.append(self.cell)
            self.cell = None
        if tag == "tr":
            self.tables.setdefault(self.section, []).append(self.row)

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            return
        self.text.append(data)
        if self.cell is not None:
            self.cell += data

    def all_text(self):
        return "".join(self.text)

    def rows(self, section):
        """heading of the row -> {column: number}; columns by the table's own headings."""
        head, *rows = self.tables[section]
        return {r[0]: r[1:] for r in rows}, head


def number(text):
    return int(text.replace(",", ""))
