// The basket: clips with in and out points, kept by the browser, and their export.

import * as api from "./api.js";
import { byId, count, el, iconButton, seconds, timecode } from "./dom.js";
import { state } from "./state.js";

const KEPT = ["index", "clip_id", "name", "start", "end", "kind", "thumbnail"];
const panel = byId("basket"), button = byId("show-basket");
let items = JSON.parse(localStorage.getItem("vlret-basket") ?? "[]");
let formats = [];
const listeners = [];

export const onChange = (listener) => listeners.push(listener);

const same = (one, other) => one.index === other.index && one.clip_id === other.clip_id;

export const holds = (hit) => items.some((item) => same(item, hit));

export function toggle(hit) {
  change(holds(hit) ? items.filter((item) => !same(item, hit)) : [...items, kept(hit)]);
}

/** Add a hit, or change the in and out points of the one that is there. */
export function put(hit) {
  change(holds(hit) ? items.map((item) => (same(item, hit) ? kept(hit) : item)) : [...items, kept(hit)]);
}

const kept = (hit) => ({ ...Object.fromEntries(KEPT.map((name) => [name, hit[name]])), text: state.q });

function change(now) {
  items = now;
  localStorage.setItem("vlret-basket", JSON.stringify(items));
  for (const listener of listeners) listener();
  show();
}

/** Open or close the basket. */
function toggleOpen(open = panel.hidden) {
  panel.hidden = !open;
  button.setAttribute("aria-expanded", open);
  document.body.classList.toggle("with-basket", open);
}

/** Wire the basket; `known` are the formats that the server exports. */
export function start(known) {
  formats = known;
  button.addEventListener("click", () => toggleOpen());
  panel.append(
    el("header", {}, el("h2", {}, "Basket"), el("span", { class: "sum" }), iconButton("close", "Close the basket", () => toggleOpen(false))),
    el("p", { class: "empty" }, "Nothing here yet. Add hits with their basket button, and export them together."),
    el("ol", {}), exportForm());
  show();
}

function show() {
  panel.querySelector("ol").replaceChildren(...items.map(row));
  const length = items.reduce((sum, item) => sum + item.end - item.start, 0);
  panel.querySelector(".sum").textContent = items.length ? `${count(items.length, "clip")}, ${timecode(length)}` : "";
  panel.querySelector(".empty").hidden = items.length > 0;
  panel.querySelector("form").hidden = !items.length;
  const badge = button.querySelector(".count");
  badge.textContent = items.length;
  badge.hidden = !items.length;
}

function row(item, place) {
  const moved = (by) => {
    const order = items.toSpliced(place, 1).toSpliced(place + by, 0, item);
    change(order);
    panel.querySelectorAll("ol li")[place + by].querySelector(by < 0 ? ".up" : ".down").focus();
  };
  return el("li", {},
    el("img", { src: item.thumbnail, alt: "" }),
    el("div", {}, el("p", { class: "name", title: item.name }, item.name), points(item, place)),
    el("div", { class: "order" },
      iconButton("up", `Move up: ${item.name}`, () => moved(-1), { class: "quiet up", disabled: place === 0 }),
      iconButton("down", `Move down: ${item.name}`, () => moved(1), { class: "quiet down", disabled: place === items.length - 1 }),
      iconButton("close", `Take out: ${item.name}`, () => change(items.toSpliced(place, 1)))));
}

function points(item, place) {
  if (item.kind === "image") return el("p", { class: "points" }, "image");
  const box = (name, words) => el("input", {
    class: "code", value: timecode(item[name]), "aria-label": `${words} point of ${item.name}`, change: ({ target }) => {
      const next = { ...item, [name]: seconds(target.value) };
      change(next.start >= 0 && next.start < next.end ? items.with(place, next) : [...items]);
    } });
  return el("p", { class: "points" }, box("start", "In"), "–", box("end", "Out"));
}

function exportForm() {
  const failed = el("p", { class: "failed", role: "alert" });
  const options = formats.map((format) => el("option", { value: format }, FORMATS[format] ?? format));
  return el("form", { "aria-label": "Export", submit: (event) => download(event, failed) },
    el("label", {}, "Title", el("input", { name: "title", value: "Selection", required: true })),
    el("label", {}, "Format", el("select", { name: "format" }, ...options)),
    el("button", { class: "strong" }, "Export"), " ",
    el("button", { type: "button", click: () => change([]) }, "Empty the basket"), failed);
}

const FORMATS = {
  edl: "EDL (CMX 3600)", fcpxml: "Final Cut Pro XML", otio: "OpenTimelineIO", srt: "Subtitles (SRT)", vtt: "WebVTT",
  csv: "Table (CSV)", jsonl: "JSON lines", m3u: "Playlist (M3U)", "coco.json": "COCO", "fiftyone.json": "FiftyOne",
  "labelstudio.json": "Label Studio",
};

async function download(event, failed) {
  event.preventDefault();
  const { title, format } = Object.fromEntries(new FormData(event.target));
  const hits = items.map(({ index, clip_id, start, end, text }) => ({ index, clip_id, start, end, text }));
  failed.textContent = "";
  try {
    const { blob, name } = await api.exported({ format, title, hits });
    const link = el("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    failed.textContent = `${error.message} ${error.hint ?? ""}`;
  }
}
