// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Bridgehead authors

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
