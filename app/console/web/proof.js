// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// ---- an inclusion proof (app/evidence/proof.h), computed here: RFC 6962, 2.1

const utf8 = new TextEncoder();

const leafHash = (line) => sha256([0], utf8.encode(line));
const nodeHash = (left, right) => sha256([1], left, right);
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// RFC 9162, 2.1.3.2. null: the path is not of this index and size.
function rootOf(leaf, index, size, path) {
	let fn = BigInt(index), sn = BigInt(size) - 1n, hash = leaf;
	if (fn > sn) {
		return null;
	}
	for (const p of path) {
		if (sn === 0n) {
			return null;
		}
		if (fn & 1n || fn === sn) {
			hash = nodeHash(p, hash);
			while (!(fn & 1n) && fn !== 0n) {
				fn >>= 1n;
				sn >>= 1n;
			}
		} else {
			hash = nodeHash(hash, p);
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

// As html_fill() does it (app/console/html.h).
function fill(pattern, ...args) {
	let last;
	return pattern.replace(/\{(?:([^{}|]*)\|([^{}|]*))?\}/g, (all, one, more) => {
		if (one === undefined) {
			last = args.shift();
			return last;
		}
		return last === "1" ? one : more;
	});
}

function say(text, state) {
	const item = document.createElement("li");
	item.textContent = text;
	if (state) {
		item.className = "state " + state;
	}
	document.getElementById("steps").append(item);
}

// What does not hold, as a text; what cannot be told here is thrown.
function check(words, proof) {
	if (!proof || proof.record !== document.getElementById("record").dataset.line) {
		return "proof";
	}
	const leaf = leafHash(proof.record);
	say(fill(words.leaf, proof.leaf) + " " + hex(leaf));
	const root = rootOf(leaf, proof.leaf, proof.n, proof.inBlock);
	if (!root || hex(root) !== proof.root) {
		return "root " + (root ? hex(root) : "-");
	}
	say(words.block + " " + proof.root);
	const log = rootOf(leafHash(proof.entry), proof.block, proof.size, proof.inLog);
	if (!log || hex(log) !== hex(unbase64(proof.logRoot))) {
		return "log root " + (log ? hex(log) : "-");
	}
	say(fill(words.log, proof.block, proof.size) + " " + hex(log));
	const other = shownOtherwise(proof);
	if (other) {
		return fill(words.differs, other);
	}
	say(words.shown);
	return null;
}

async function verify(button) {
	const words = button.dataset;
	const bad = (what) => say(fill(words.bad, what), "bad");
	document.getElementById("steps").replaceChildren();
	const answer = await fetch(words.proof);
	const text = await answer.text();
	if (!answer.ok) {
		throw new Error(text);
	}
	if (text.includes("\ufffd")) { // as text it is not what was hashed
		throw new Error("UTF-8");
	}
	let proof, wrong;
	try {
		proof = readProof(text);
		wrong = check(words, proof);
	} catch (e) { // it is not of the form that it should be
		wrong = "proof: " + e.message;
	}
	if (wrong) {
		return bad(wrong);
	}
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
	say(words.good, words.key ? "good" : "unsure");
}

const button = document.getElementById("verify");
if (button) {
	button.addEventListener("click", () => verify(button)
		.catch((e) => say(fill(button.dataset.none, e.message), "unsure")));
	if (location.hash === "#verify") { // a link that verifies
		button.click();
	}
}
