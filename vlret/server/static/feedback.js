// "More like this" and "not like this": chips that can be taken away again.

import { byId, el, icon } from "./dom.js";
import { fromKey, go, key, state } from "./state.js";
import * as upload from "./upload.js";

const WORDS = { like: "More like this", unlike: "Not like this" };
const names = new Map();

/** Add a hit to the list `like` or `unlike`, or take it out; it leaves the other list. */
export function judge(list, hit) {
  const other = list === "like" ? "unlike" : "like", name = key(hit);
  names.set(name, hit.name);
  const given = state[list].includes(name) ? without(list, name) : [...state[list], name];
  go({ [list]: given, [other]: without(other, name) });
}

const without = (list, name) => state[list].filter((one) => one !== name);

/** Show a chip for each judged hit, and one for an uploaded file. */
export function show() {
  const chips = ["like", "unlike"].flatMap((list) => state[list].map((name) => judged(list, name)));
  if (state.file) chips.unshift(chip("file", state.file, upload.preview(), () => go({ file: "" })));
  byId("chips").replaceChildren(...chips);
  byId("chips").hidden = !chips.length;
}

function judged(list, name) {
  const { index, clip_id: id } = fromKey(name);
  const picture = `/api/indexes/${encodeURIComponent(index)}/clips/${id}/thumbnail.jpg`;
  const words = `${WORDS[list]}: ${names.get(name) ?? `clip ${id}`}`;
  return chip(list, words, picture, () => go({ [list]: without(list, name) }));
}

function chip(kind, words, picture, remove) {
  const button = { type: "button", "aria-label": `Remove: ${words}`, title: "Remove", click: remove };
  return el("span", { class: `chip ${kind}` },
    picture && el("img", { src: picture, alt: "" }), el("span", {}, words), el("button", button, icon("close")));
}
