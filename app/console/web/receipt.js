// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// ---- a record's page against its line: is what people read there what the line says?

// The pairs of a line (flat JSON) as they stand in it: numbers may be larger than what a script
// counts exactly. null: it is no such line, or says something twice.
function readLine(line) {
	const string = '"(?:[^"\\\\]|\\\\.)*"';
	const pair = new RegExp(`[{,](${string}):(${string}|\\[(?:${string}|[^"\\]])*\\]|[^",{}[\\]]+)`, "y");
	const pairs = new Map();
	let at = 0;
	for (let m; (m = pair.exec(line)) !== null; at = pair.lastIndex) {
		if (pairs.has(JSON.parse(m[1]))) {
			return null;
		}
		pairs.set(JSON.parse(m[1]), m[2]);
	}
	return line.slice(at) === "}" ? pairs : null;
}

function plain(value) {
	if (value.startsWith("[")) {
		return (value.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/g) || []).map(plain).join(";");
	}
	return value.startsWith('"') ? JSON.parse(value) : value;
}

// As html_text() shows it (app/console/html.c).
function visible(text) {
	const unseen = /[\0-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
	return text.toWellFormed ? text.toWellFormed().replace(unseen, number) : text.replace(unseen, number);
}

function number(c) {
	return "[U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "]";
}

// Long values are cut off on the page.
function isShown(shown, text) {
	return shown === text || (shown.length > 1000 && shown.endsWith("…") && text.startsWith(shown.slice(0, -1)));
}

function inWords(value, alone) {
	const code = plain(value);
	const words = Object.hasOwn(codeWords, code) ? codeWords[code][document.documentElement.lang === "en" ? 0 : 1] : "";
	return alone ? words || visible(code) : (words ? words + " " : "") + visible(code);
}

function timeOf(us) {
	const offset = Number(document.getElementById("verify").dataset.offset);
	const t = new Date((Math.floor(Number(us) / 1e6) + offset) * 1000);
	return isNaN(t) || t.getUTCFullYear() < 0 || t.getUTCFullYear() > 9999
		? "?" : t.toISOString().slice(0, 19).replace("T", " ");
}

// A cell of the receipt: of the line, of its block's entry, or of the start record, which is another
// line.
function receiptHolds(cell, line, entry) {
	const {field, entry: key} = cell.dataset;
	const value = field ? line.get(field) : entry.get(key);
	if (field === "basis") {
		return [...cell.querySelectorAll("bdi")].map((e) => e.textContent).join(";") === visible(plain(value || "[]"));
	}
	if (value === undefined) {
		return "start" in cell.dataset;
	}
	if (key === "block") {
		return cell.textContent.replaceAll(",", "") === value;
	}
	return isShown(cell.textContent, inWords(value, field === "act"));
}

// What of the page is not what the proven line and its entry say; null: nothing.
function shownOtherwise(proof) {
	const line = readLine(proof.record), entry = readLine(proof.entry);
	const asked = new URLSearchParams(location.search).get("seq");
	if (!line || !entry) {
		return "JSON";
	}
	if (line.get("seq") !== asked || document.querySelector("h1").textContent.replace(/\D/g, "") !== asked) {
		return document.querySelector("h1").textContent;
	}
	for (const row of document.querySelectorAll("table[data-of=receipt] tr")) {
		if (row.cells.length !== 2 || !receiptHolds(row.cells[1], line, entry)) {
			return row.textContent;
		}
	}
	for (const key of ["act", "rule", "reason", "sev", "pol", "cc", "ccs", "app", "conf", "dpkt", "pb"]) {
		const cells = document.querySelectorAll(`table[data-of=receipt] [data-field=${key}]`);
		if (cells.length !== (line.has(key) ? 1 : 0)) {
			return key;
		}
	}
	const rows = [...document.querySelectorAll("table[data-of=fields] tr")];
	const pairs = [...line];
	for (let i = 0; i < Math.max(rows.length, pairs.length); i++) {
		const [key, value] = pairs[i] || [];
		const time = key === "t0" || key === "t1" ? " " + timeOf(value) : "";
		if (!rows[i] || !key || rows[i].cells[0].textContent !== visible(key) ||
			!isShown(rows[i].cells[1].textContent, visible(plain(value)) + time)) {
			return rows[i] ? rows[i].textContent : key;
		}
	}
	const text = document.getElementById("record");
	return text.textContent === visible(text.dataset.line) ? null : "line";
}
