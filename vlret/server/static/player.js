// The dialog that plays a hit from its first second, with the curve of its file and its in and out points.

import * as api from "./api.js";
import * as basket from "./basket.js";
import { curveOf } from "./curve.js";
import { byId, el, iconButton, seconds, span, timecode } from "./dom.js";
import { judge } from "./feedback.js";
import { facts } from "./facts.js";
import { heatMap } from "./heat_map.js";
import { playback } from "./playback.js";
import { body, go, key, state } from "./state.js";
import * as upload from "./upload.js";

const dialog = byId("player");
let hit = null, hits = [], played = null, curve = null, points = null;

dialog.addEventListener("close", () => {
  stop();
  if (state.hit) go({ hit: "" }, "replace");
});
dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());

function stop() {
  played?.video.pause();
  played?.video.removeAttribute("src");
  dialog.replaceChildren();
  [hit, played, curve] = [null, null, null];
}

/** Show a hit, one of `all`; null closes the player. */
export function show(given, all) {
  hits = all;
  if (!given) return dialog.close();
  if (hit && key(hit) === key(given)) return;
  stop();
  hit = given;
  points = { start: hit.start, end: hit.end };
  dialog.append(head(), el("div", { class: "stage" }, !hit.gone && el("img", { src: hit.thumbnail, alt: "" })), el("div", { class: "along" }));
  if (!dialog.open) dialog.showModal();
  dialog.focus();
  fill(hit);
}

/** What the server knows of the file of `shown`, read when it is opened. */
async function fill(shown) {
  const file = shown.gone ? shown : await api.clip(shown.index, shown.clip_id).catch((error) => ({ told: error.message }));
  if (hit !== shown) return;
  hit = { ...file, ...hit, file: file.file };
  dialog.querySelector(".stage").replaceWith(stage(file.told));
  dialog.append(editing(), facts(hit));
  drawCurve();
}

const GONE = "The file is gone: it was moved or deleted since it was indexed.";

export const isOpen = () => dialog.open;

/** Show the hit `by` places further. */
export function turn(by) {
  const next = hits[place() + by];
  if (next) go({ hit: key(next) }, "replace");
}

const place = () => hits.findIndex((one) => key(one) === key(hit));

function head() {
  const at = place();
  return el("header", {},
    el("h2", { id: "player-name" }, hit.name),
    el("span", { class: "sum" }, `${span(hit)}${at < 0 ? "" : ` · hit ${at + 1} of ${hits.length}`}`),
    iconButton("left", "Previous hit", () => turn(-1), { disabled: at < 1 }),
    iconButton("right", "Next hit", () => turn(1), { disabled: at < 0 || at === hits.length - 1 }),
    iconButton("close", "Close", () => dialog.close()));
}

function stage(failure) {
  const words = el("p", { class: "told", role: "status" }, hit.gone ? GONE : failure ?? "");
  const node = el("div", { class: "stage" });
  if (hit.gone || failure || hit.kind === "image") {
    node.append(words);
    if (!hit.gone) node.prepend(el("img", { src: hit.file ?? hit.thumbnail, alt: hit.name }));
    return node;
  }
  played = playback(hit, (text) => { words.textContent = text; });
  played.video.addEventListener("timeupdate", moveHead);
  played.video.addEventListener("seeking", moveHead);
  node.append(played.video, words);
  return node;
}

const moveHead = () => curve?.move(played.time());

async function drawCurve() {
  const slot = dialog.querySelector(".along"), drawn = hit;
  if (!played || (state.file && !upload.file())) return;
  slot.append(el("p", { class: "told" }, "Comparing the whole video…"));
  try {
    const along = await api.curve(hit, body(), upload.file());
    if (hit !== drawn || !along.times.length) return slot.replaceChildren();
    curve = curveOf(along, seek);
    slot.replaceChildren(curve.node, el("p", { class: "ends" }, el("span", {}, "0:00"), el("span", {}, timecode(along.duration))), fits(along.spans));
    curve.mark(points.start, points.end);
    curve.move(played.time());
  } catch (error) {
    if (hit === drawn) slot.replaceChildren(el("p", { class: "told" }, `No curve: ${error.message}`));
  }
}

function fits(spans) {
  const buttons = spans.map((part) =>
    el("button", { type: "button", click: () => seek(part.start), title: `score ${part.score.toFixed(3)}` },
      `${timecode(part.start)}–${timecode(part.end)}`));
  return buttons.length > 0 && el("p", { class: "fits" }, "Fits at ", ...buttons);
}

function seek(t) {
  played.seek(t);
  moveHead();
}

function editing() {
  const like = el("button", { type: "button", click: () => judge("like", hit) }, "More like this");
  const unlike = el("button", { type: "button", click: () => judge("unlike", hit) }, "Not like this");
  const stageOf = () => dialog.querySelector(".stage");
  const heat = state.q && !hit.gone && heatMap(hit, state.q, stageOf, () => played?.video.pause());
  return el("div", { class: "editing" }, ...(played ? [pointBox("start", "In"), pointBox("end", "Out")] : []), keep(),
    el("span", { class: "space" }), like, unlike, heat || null);
}

function pointBox(name, words) {
  return el("span", { class: "point" },
    el("label", {}, words, el("input", {
      name, class: "code", value: timecode(points[name]), change: ({ target }) => setPoint(name, seconds(target.value)) })),
    el("button", { type: "button", title: `Here (${words[0]})`, "aria-label": `${words} point here`, click: () => setPoint(name) }, "here"));
}

/** Set the in or out point, to the moment that is shown if no time is given. */
export function setPoint(name, t = played?.time()) {
  const next = { ...points, [name]: t };
  if (next.start >= 0 && next.start < next.end) points = next;
  dialog.querySelector(`input[name=${name}]`).value = timecode(points[name]);
  curve?.mark(points.start, points.end);
  if (basket.holds(hit)) basket.put({ ...hit, ...points });
}

function keep() {
  return el("button", { type: "button", class: "strong keep", click: keepHit }, keptWords());
}

const keptWords = () => (basket.holds(hit) ? "Take out of the basket" : "Add to the basket");

basket.onChange(() => {
  const button = dialog.querySelector(".keep");
  if (button) button.textContent = keptWords();
});

export const keepHit = () => basket.toggle({ ...hit, ...points });
export const like = () => judge("like", hit);
export const unlike = () => judge("unlike", hit);
export const togglePlay = () => played?.toggle();
export const step = (by) => played && seek(Math.max(played.time() + by, 0));
