// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the console's pages do in the browser. They work without it, but for the button "verify".
"use strict";

// ---- an inclusion proof (app/evidence/proof.h), computed here: RFC 6962, 2.1

const utf8 = new TextEncoder();

async function sha256(...parts) {
	const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
	let at = 0;
	for (const p of parts) {
		all.set(p, at);
		at += p.length;
	}
	return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
}

const leafHash = (line) => sha256([0], utf8.encode(line));
const nodeHash = (left, right) => sha256([1], left, right);
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// RFC 9162, 2.1.3.2. null: the path is not of this index and size.
async function rootOf(leaf, index, size, path) {
	let fn = BigInt(index), sn = BigInt(size) - 1n, hash = leaf;
	if (fn > sn) {
		return null;
	}
	for (const p of path) {
		if (sn === 0n) {
			return null;
		}
		if (fn & 1n || fn === sn) {
			hash = await nodeHash(p, hash);
			while (!(fn & 1n) && fn !== 0n) {
				fn >>= 1n;
				sn >>= 1n;
			}
		} else {
			hash = await nodeHash(hash, p);
		}
		fn >>= 1n;
		sn >>= 1n;
	}
	return sn === 0n ? hash : null;
}

function readProof(text) {
	const lines = text.split("\n");
	const proof = {record: lines[1], inBlock: [], inLog: []};
	let at = 3;
	const leaf = /^leaf (\d+)$/.exec(lines[2] || "");
	if (lines[0] !== "bridgehead-proof/1" || !leaf) {
		return null;
	}
	proof.leaf = leaf[1];
	for (; lines[at] !== undefined && !lines[at].startsWith("{"); at++) {
		proof.inBlock.push(unbase64(lines[at]));
	}
	proof.entry = lines[at++] || "";
	for (; lines[at] !== undefined && lines[at] !== ""; at++) {
		proof.inLog.push(unbase64(lines[at]));
	}
	const number = (key) => (new RegExp(`"${key}":(\\d+)[,}]`).exec(proof.entry) || [])[1];
	proof.block = number("block");
	proof.n = number("n");
	proof.root = (/"root":"([0-9a-f]{64})"/.exec(proof.entry) || [])[1];
	proof.note = lines.slice(at + 1).join("\n");
	proof.size = lines[at + 2];
	proof.logRoot = lines[at + 3];
	return proof.block && proof.n && proof.root && /^\d+$/.test(proof.size) ? proof : null;
}

// The checkpoint is a C2SP signed note, the key one line NAME+ID+BASE64 of its type (1: Ed25519) and
// 32 bytes. true, false, or null where the browser cannot tell.
async function isSigned(note, vkey) {
	const [name, id, ...rest] = vkey.split("+");
	const end = note.indexOf("\n\n");
	let key;
	try {
		key = await crypto.subtle.importKey("raw", unbase64(rest.join("+")).slice(1), "Ed25519", false, ["verify"]);
	} catch {
		return null;
	}
	for (const line of note.slice(end + 2).split("\n")) {
		const [dash, signer, text] = line.split(" ");
		const bytes = dash === "—" && signer === name ? unbase64(text) : new Uint8Array();
		if (bytes.length === 68 && hex(bytes.slice(0, 4)) === id) {
			return crypto.subtle.verify("Ed25519", key, bytes.slice(4), utf8.encode(note.slice(0, end + 1)));
		}
	}
	return false;
}

function fill(pattern, ...args) {
	return pattern.replace(/\{\}/g, () => args.shift());
}

function say(text, state) {
	const item = document.createElement("li");
	item.textContent = text;
	if (state) {
		item.className = "state " + state;
	}
	document.getElementById("steps").append(item);
}

async function verify(button) {
	const words = button.dataset;
	const bad = (what) => say(fill(words.bad, what), "bad");
	document.getElementById("steps").replaceChildren();
	if (!globalThis.crypto || !crypto.subtle) {
		return bad(words.none);
	}
	const answer = await fetch(words.proof);
	const proof = answer.ok ? readProof(await answer.text()) : null;
	if (!proof || proof.record !== document.getElementById("record").dataset.line) {
		return bad("proof");
	}
	const leaf = await leafHash(proof.record);
	say(fill(words.leaf, proof.leaf) + " " + hex(leaf));
	const root = await rootOf(leaf, proof.leaf, proof.n, proof.inBlock);
	if (!root || hex(root) !== proof.root) {
		return bad("root " + (root ? hex(root) : "-"));
	}
	say(words.block + " " + proof.root);
	const entry = await leafHash(proof.entry);
	const log = await rootOf(entry, proof.block, proof.size, proof.inLog);
	if (!log || hex(log) !== hex(unbase64(proof.logRoot))) {
		return bad("log root " + (log ? hex(log) : "-"));
	}
	say(fill(words.log, proof.block, proof.size) + " " + hex(log));
	if (words.key) {
		const signed = await isSigned(proof.note, words.key);
		const name = words.key.split("+")[0];
		if (signed === false) {
			return bad(fill(words.unsigned, name));
		}
		say(fill(signed ? words.signed : words.noEd25519, name), signed ? "" : "unsure");
		if (!signed) {
			return;
		}
	}
	say(words.good, "good");
}

const button = document.getElementById("verify");
if (button) {
	button.addEventListener("click", () => verify(button)
		.catch((e) => say(fill(button.dataset.bad, e.message), "bad")));
	if (location.hash === "#verify") { // a link that verifies
		button.click();
	}
}

// ---- a period by dragging over a chart

// RFC 3339, in the zone of the page: offset seconds east of UTC.
function stamp(seconds, offset) {
	const local = new Date((seconds + offset) * 1000).toISOString().slice(0, 19);
	const minutes = Math.abs(offset) / 60, two = (n) => String(Math.floor(n)).padStart(2, "0");
	return local + (offset === 0 ? "Z" : (offset < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60));
}

function brush(section, svg) {
	const first = Number(section.dataset.first), width = Number(section.dataset.width);
	const n = Number(section.dataset.n);
	const area = document.createElementNS("http://www.w3.org/2000/svg", "rect");
	let from = null;
	const step = (event) => {
		const box = svg.getBoundingClientRect();
		return Math.max(0, Math.min(n - 1, Math.floor((event.clientX - box.left) / box.width * n)));
	};
	const show = (a, b) => {
		area.setAttribute("class", "brush");
		area.setAttribute("x", Math.min(a, b) * 10);
		area.setAttribute("width", (Math.abs(a - b) + 1) * 10);
		area.setAttribute("height", 100);
		svg.append(area);
	};
	const time = (i) => stamp(first + i * width, Number(section.dataset.offset));
	svg.addEventListener("pointerdown", (event) => {
		from = step(event);
		svg.setPointerCapture(event.pointerId);
		show(from, from);
		event.preventDefault();
	});
	svg.addEventListener("pointermove", (event) => {
		if (from !== null) {
			show(from, step(event));
		}
	});
	svg.addEventListener("pointerup", (event) => {
		const to = step(event);
		document.getElementById("since").value = time(Math.min(from, to));
		document.getElementById("until").value = time(Math.max(from, to) + 1);
		from = null;
		document.getElementById("period").requestSubmit();
	});
	svg.addEventListener("pointercancel", () => {
		from = null;
		area.remove();
	});
}

// ---- whether the log is whole: the answer may come after the page

async function watch(old) {
	const answer = await fetch("/state?lang=" + document.documentElement.lang.slice(0, 2));
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	const state = answer.ok && page.querySelector("p.log");
	if (state) {
		old.replaceWith(state);
		if (state.hasAttribute("data-running")) {
			setTimeout(watch, 2000, state);
		}
	}
}

document.querySelectorAll("p.log[data-running]").forEach((state) => setTimeout(watch, 1000, state));

const section = document.getElementById("brush");
if (section) {
	section.querySelectorAll("svg.bars").forEach((svg) => brush(section, svg));
}

// Fields that were left empty do not stand in the URL.
document.querySelectorAll("form").forEach((form) => form.addEventListener("submit", () => {
	form.querySelectorAll("input, select").forEach((field) => {
		field.disabled = field.value === "";
	});
}));
// Back on the page, they can be filled in again.
addEventListener("pageshow", () => document.querySelectorAll("form :disabled").forEach((field) => {
	field.disabled = false;
}));
