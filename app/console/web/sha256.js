// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// What the console's pages do in the browser. They work without it, but for the button "verify".
"use strict";

// SHA-256 (FIPS 180-4). The browser's own is there only over HTTPS and on localhost.

function primes(n) {
	const found = [];
	for (let i = 2; found.length < n; i++) {
		if (found.every((p) => i % p !== 0)) {
			found.push(i);
		}
	}
	return found;
}

// The first 32 bits behind the point of a root; a double has more than enough of them.
const fraction = (x) => Math.floor((x - Math.floor(x)) * 4294967296);
const SHA_START = primes(8).map((p) => fraction(Math.sqrt(p)));
const SHA_ROUNDS = primes(64).map((p) => fraction(Math.cbrt(p)));
const rotated = (x, n) => (x >>> n) | (x << (32 - n));

function shaBlock(state, view, at) {
	const w = new Int32Array(64);
	for (let i = 0; i < 16; i++) {
		w[i] = view.getInt32(at + 4 * i);
	}
	for (let i = 16; i < 64; i++) {
		const s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ (w[i - 15] >>> 3);
		const s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ (w[i - 2] >>> 10);
		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	let [a, b, c, d, e, f, g, h] = state;
	for (let i = 0; i < 64; i++) {
		const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
		const t1 = (h + s1 + ((e & f) ^ (~e & g)) + SHA_ROUNDS[i] + w[i]) | 0;
		const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
		const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
		[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
	}
	[a, b, c, d, e, f, g, h].forEach((v, i) => {
		state[i] += v;
	});
}

function sha256(...parts) {
	const length = parts.reduce((n, p) => n + p.length, 0);
	const all = new Uint8Array((length + 72) & ~63);
	const view = new DataView(all.buffer), state = Int32Array.from(SHA_START);
	let at = 0;
	for (const p of parts) {
		all.set(p, at);
		at += p.length;
	}
	all[length] = 0x80;
	view.setBigUint64(all.length - 8, BigInt(length) * 8n);
	for (let i = 0; i < all.length; i += 64) {
		shaBlock(state, view, i);
	}
	state.forEach((v, i) => view.setInt32(4 * i, v));
	return all.slice(0, 32);
}
