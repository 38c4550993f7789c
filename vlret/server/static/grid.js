// The grid of hits: one Tab stop, arrows move inside it.

import * as basket from "./basket.js";
import { card, refresh } from "./card.js";
import { byId } from "./dom.js";
import { key } from "./state.js";

const list = byId("hits");

const cards = () => [...list.children];

/** Show hits, best first; the focus stays on the same hit, or goes to the first one. */
export function show(hits) {
  const before = focused();
  list.replaceChildren(...hits.map(card));
  if (!hits.length) return;
  makeCurrent(list.firstChild);
  if (before) focus(cards().find((item) => key(item.hit) === key(before.hit)) ?? list.firstChild);
}

basket.onChange(() => cards().forEach(refresh));

/** Only the buttons of the current card are reached by Tab. */
function makeCurrent(item) {
  for (const other of cards())
    for (const button of other.querySelectorAll("button")) button.tabIndex = other === item ? 0 : -1;
}

list.addEventListener("focusin", ({ target }) => {
  const item = target.closest(".hit");
  if (item) makeCurrent(item);
});

/** The card that has the focus. */
export const focused = () => document.activeElement?.closest(".hit") ?? null;

export function focus(item) {
  item?.querySelector(".open").focus();
}

const STEPS = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: () => -columns(), ArrowDown: columns };

function columns() {
  const top = list.firstChild?.offsetTop;
  const below = cards().findIndex((item) => item.offsetTop > top);
  return below < 0 ? cards().length : below;
}

/** Move the focus by an arrow key; return whether it was one. */
export function arrow(name) {
  if (!(name in STEPS) || !list.firstChild) return false;
  const items = cards(), place = items.indexOf(focused());
  const next = place < 0 ? 0 : place + STEPS[name]();
  if (items[next]) focus(items[next]);
  return true;
}
