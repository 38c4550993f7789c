// The heat map over the picture of a hit: which part answers the query. Off until it is asked for.

import { heatMapUrl } from "./api.js";
import { el } from "./dom.js";

/** Return the button that lays the heat map over the stage; `pause` is called first. */
export function heatMap(hit, query, stage, pause) {
  const button = el("button", { type: "button", "aria-pressed": "false" }, "Heat map");
  let layer = null;
  button.addEventListener("click", () => {
    pause();
    if (layer) layer = void layer.remove();
    else stage().append((layer = pictures(hit, query)));
    button.setAttribute("aria-pressed", Boolean(layer));
  });
  return button;
}

function pictures(hit, query) {
  const words = el("p", { class: "told", role: "status" }, "Looking which part answers…");
  const heat = el("img", { alt: `The part of the picture that answers ${query}`, class: "overlay", src: heatMapUrl(hit, query) });
  heat.addEventListener("load", () => { words.textContent = ""; });
  heat.addEventListener("error", () => { words.textContent = "There is no heat map for this hit."; });
  const picture = el("img", { src: hit.thumbnail, alt: "" });
  const frame = el("div", {}, picture, heat);
  picture.addEventListener("load", () => frame.style.setProperty("--shape", picture.naturalWidth / picture.naturalHeight));
  return el("div", { class: "heat" }, frame, words);
}
