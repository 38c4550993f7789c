// One hit of the grid: picture, moving on hover and focus, and what can be done with it.

import * as basket from "./basket.js";
import { el, icon, iconButton, percent, span } from "./dom.js";
import { judge } from "./feedback.js";
import { go, key, state } from "./state.js";

/** Return the list item of a hit. */
export function card(hit) {
  const open = el("button", { type: "button", class: "open", "aria-label": label(hit), click: () => go({ hit: key(hit) }) },
    picture(hit), el("span", { class: "span" }, span(hit)), hit.gone && el("span", { class: "lost" }, "file is gone"));
  const item = el("li", { class: hit.gone ? "hit gone" : "hit" }, open, words(hit), actions(hit));
  item.hit = hit;
  if (hit.probability != null) item.style.setProperty("--probability", hit.probability);
  if (hit.sprite) for (const event of ["pointerenter", "focusin"]) item.addEventListener(event, () => move(item), { once: true });
  return item;
}

function label(hit) {
  const sure = hit.probability == null ? `score ${hit.score.toFixed(2)}` : `probability ${percent(hit.probability)}`;
  return `${hit.name}, ${span(hit)}, ${sure}${hit.gone ? ", the file is gone" : ""}`;
}

const blank = () => el("span", { class: "blank" }, "no picture");

function picture(hit) {
  if (hit.gone) return el("span", { class: "picture" }, blank());
  const image = el("img", { src: hit.thumbnail, alt: "", loading: "lazy", decoding: "async", draggable: "false" });
  image.addEventListener("error", () => image.replaceWith(blank()));
  return el("span", { class: "picture" }, image, el("span", { class: "sprite" }));
}

/** The sprite is loaded when it is first wanted; style.css moves it while the card is hovered or focused. */
function move(item) {
  const sheet = new Image();
  sheet.addEventListener("load", () => {
    item.style.setProperty("--sprite", `url("${sheet.src}")`);
    item.classList.add("moving");
  });
  sheet.src = item.hit.sprite;
}

function words(hit) {
  const more = [
    hit.copies.length && `also in ${hit.copies.length === 1 ? "1 file" : `${hit.copies.length} files`}`,
    hit.more_clips && `${hit.more_clips} more in this file`,
  ].filter(Boolean).join(" · ");
  return el("div", { class: "words" },
    el("p", { class: "name", title: hit.path ?? hit.name }, hit.name),
    el("p", { class: "facts" },
      hit.probability != null && el("strong", { title: "probability that this is right" }, percent(hit.probability)),
      el("span", { title: "score: cosine of query and clip" }, hit.score.toFixed(3))),
    more && el("p", { class: "more", title: hit.copies.join("\n") }, more));
}

function actions(hit) {
  return el("div", { class: "actions" },
    judgement("like", `More like this: ${hit.name}`, hit), judgement("unlike", `Not like this: ${hit.name}`, hit),
    basketButton(hit));
}

function judgement(list, label, hit) {
  const pressed = String(state[list].includes(key(hit)));
  return iconButton(list, label, () => judge(list, hit), { class: `quiet ${list}`, "aria-pressed": pressed });
}

function basketButton(hit) {
  const button = iconButton("basket", `Add to the basket: ${hit.name}`, () => basket.toggle(hit), { class: "quiet keep" });
  showKept(button, hit);
  return button;
}

function showKept(button, hit) {
  const held = basket.holds(hit);
  button.setAttribute("aria-pressed", held);
  button.replaceChildren(icon(held ? "check" : "basket"));
}

/** Show again whether the hit of a card is in the basket. */
export const refresh = (item) => showKept(item.querySelector(".keep"), item.hit);
