// The scores of the query along a whole video, as a slider that seeks.

import { el, svg, timecode } from "./dom.js";

const WIDTH = 1000, HEIGHT = 100;
const LEAST_RANGE = 0.15;

/** Return the curve of `{times, scores, spans, duration}`; `seek(t)` is called with seconds. */
export function curveOf({ times, scores, spans, duration }, seek) {
  const x = (t) => (t / duration) * WIDTH;
  const [low, high] = [Math.min(...scores), Math.max(...scores)], range = Math.max(high - low, LEAST_RANGE);
  const y = (score) => HEIGHT / 2 - ((score - (low + high) / 2) / range) * (HEIGHT - 24);
  const point = (t, score) => `${x(t).toFixed(1)},${y(score).toFixed(1)}`;
  const line = [point(0, scores[0]), ...times.map((t, i) => point(t, scores[i])), point(duration, scores.at(-1))].join(" ");
  const rect = (name, height) => svg("rect", { class: name, y: 0, height });
  const hit = rect("now", HEIGHT), head = svg("line", { class: "head", y1: 0, y2: HEIGHT });
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    hit, ...spans.map((span) => place(rect("fits", 7), x(span.start), x(span.end))),
    svg("polygon", { points: `0,${HEIGHT} ${line} ${WIDTH},${HEIGHT}` }),
    svg("polyline", { points: line }), head);
  const slider = el("div", {
    class: "curve", role: "slider", tabindex: "0", "aria-label": "Score along the video", "aria-valuemin": "0",
    "aria-valuemax": duration.toFixed(1) }, picture, el("span", { class: "at", "aria-hidden": "true", hidden: true }));
  const at = (event) => {
    const box = slider.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * duration;
  };
  listen(slider, at, seek, (t) => scores[nearest(times, t)]);
  return {
    node: slider,
    /** Mark the part of the video that is in and out. */
    mark: (start, end) => place(hit, x(start), x(end)),
    /** Move the play head. */
    move(t) {
      head.setAttribute("x1", x(t));
      head.setAttribute("x2", x(t));
      slider.setAttribute("aria-valuenow", t.toFixed(1));
      slider.setAttribute("aria-valuetext", `${timecode(t)}, score ${scores[nearest(times, t)].toFixed(2)}`);
    },
  };
}

function place(rect, from, to) {
  rect.setAttribute("x", from);
  rect.setAttribute("width", Math.max(to - from, 2));
  return rect;
}

const nearest = (times, t) => times.reduce((best, time, i) => (Math.abs(time - t) < Math.abs(times[best] - t) ? i : best), 0);

function listen(slider, at, seek, scoreAt) {
  const words = slider.querySelector(".at");
  slider.addEventListener("pointermove", (event) => {
    const t = at(event);
    words.textContent = `${timecode(t)} · ${scoreAt(t).toFixed(2)}`;
    words.hidden = false;
    const box = slider.getBoundingClientRect();
    slider.style.setProperty("--x", `${Math.min(Math.max(event.clientX - box.left, 44), box.width - 44)}px`);
    if (event.buttons & 1) seek(t);
  });
  slider.addEventListener("pointerleave", () => { words.hidden = true; });
  slider.addEventListener("pointerdown", (event) => seek(at(event)));
}
