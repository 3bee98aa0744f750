// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

// ---- a period by dragging over a chart, or by its keys

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
	const range = section.querySelector("[role=status]");
	let from = null, to = null; // steps; from is where it began
	let drags = false;
	const time = (i) => stamp(first + i * width, Number(section.dataset.offset));
	const step = (event) => {
		const box = svg.getBoundingClientRect();
		return Math.max(0, Math.min(n - 1, Math.floor((event.clientX - box.left) / box.width * n)));
	};
	const show = (a, b) => {
		from = a;
		to = b;
		area.setAttribute("class", "brush");
		area.setAttribute("x", Math.min(a, b) * 10);
		area.setAttribute("width", (Math.abs(a - b) + 1) * 10);
		area.setAttribute("height", 100);
		svg.append(area);
		range.textContent = fill(section.dataset.range, time(Math.min(a, b)), time(Math.max(a, b) + 1));
		svg.setAttribute("aria-valuenow", b);
		svg.setAttribute("aria-valuetext", range.textContent);
	};
	const drop = () => {
		from = to = null;
		area.remove();
		range.textContent = "";
		svg.setAttribute("aria-valuenow", 0);
		svg.setAttribute("aria-valuetext", section.dataset.none);
	};
	const apply = () => {
		document.getElementById("since").value = time(Math.min(from, to));
		document.getElementById("until").value = time(Math.max(from, to) + 1);
		document.getElementById("period").requestSubmit();
	};
	svg.addEventListener("pointerdown", (event) => {
		drags = true;
		svg.setPointerCapture(event.pointerId);
		show(step(event), step(event));
		event.preventDefault();
	});
	svg.addEventListener("pointermove", (event) => {
		if (drags) {
			show(from, step(event));
		}
	});
	svg.addEventListener("pointerup", (event) => {
		drags = false;
		show(from, step(event));
		apply();
	});
	svg.addEventListener("pointercancel", () => {
		drags = false;
		drop();
	});
	const places = {ArrowLeft: (i) => i - 1, ArrowDown: (i) => i - 1, ArrowRight: (i) => i + 1,
		ArrowUp: (i) => i + 1, Home: () => 0, End: () => n - 1};
	svg.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.altKey || event.metaKey) {
			return;
		}
		if (Object.hasOwn(places, event.key)) {
			const before = to === null && event.key === "ArrowLeft" ? n : to === null ? -1 : to;
			const at = Math.max(0, Math.min(n - 1, places[event.key](before)));
			show(event.shiftKey && from !== null ? from : at, at);
		} else if (event.key === "Enter" && from !== null) {
			apply();
		} else if (event.key === "Escape" && from !== null) {
			drop();
		} else {
			return;
		}
		event.preventDefault();
	});
	// A picture becomes something to work with only where this script runs.
	svg.setAttribute("role", "slider");
	svg.setAttribute("tabindex", 0);
	svg.setAttribute("aria-label", svg.getAttribute("aria-label") + ": " + section.dataset.label);
	svg.setAttribute("aria-valuemin", 0);
	svg.setAttribute("aria-valuemax", n - 1);
	drop();
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
