// The panel of filters and the number of those in use.

import { byId } from "./dom.js";
import { FILTERS, go, state } from "./state.js";

const panel = byId("filters"), button = byId("show-filters");
const boxes = () => FILTERS.map((name) => panel.elements[name]);

const value = (box) => (box.type === "checkbox" ? (box.checked ? "1" : "") : box.type === "range" && box.value === "0" ? "" : box.value.trim());

/** Show what the address says. */
export function show() {
  for (const box of boxes()) {
    if (box.type === "checkbox") box.checked = state[box.name] === "1";
    else box.value = state[box.name] || (box.type === "range" ? "0" : "");
  }
  showLeast();
  const used = boxes().filter((box) => value(box) && value(box) !== "score").length;
  const count = button.querySelector(".count");
  count.textContent = used;
  count.hidden = !used;
}

function showLeast() {
  const least = panel.elements.least;
  panel.querySelector("output").textContent = least.value === "0" ? "any" : `${least.value}%`;
}

/** Open or close the panel. */
export function toggle(open = panel.hidden) {
  panel.hidden = !open;
  button.setAttribute("aria-expanded", open);
}

/** Wire the panel; a probability is asked only where an index is `calibrated`. */
export function start(calibrated) {
  panel.querySelector(".calibrated").hidden = !calibrated;
  button.addEventListener("click", () => toggle());
  panel.elements.least.addEventListener("input", showLeast);
  panel.addEventListener("submit", (event) => {
    event.preventDefault();
    go(Object.fromEntries(boxes().map((box) => [box.name, value(box)])));
  });
  panel.addEventListener("reset", (event) => {
    event.preventDefault();
    go(Object.fromEntries(FILTERS.map((name) => [name, name === "sort" ? "score" : ""])));
  });
  if (FILTERS.some((name) => state[name] && name !== "sort")) toggle(true);
}
