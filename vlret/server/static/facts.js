// What is known of the file of a hit.

import { el, percent, timecode } from "./dom.js";

const WIDE = new Set(["Also in", "Path", "Open the file here"]);

/** Return the list of facts about a hit and its file. */
export function facts(hit) {
  const known = [
    ["Probability", hit.probability != null && percent(hit.probability)],
    ["Score", hit.score?.toFixed(3)],
    ["Index", hit.index],
    ["Also in", hit.copies.join(", ")],
    ["Duration", hit.duration && timecode(hit.duration)],
    ["Picture", hit.width && `${hit.width} × ${hit.height}`],
    ["Codec", hit.codec],
    ["Taken", hit.taken?.replace("T", " ")],
    ["Path", hit.path],
    ["Open the file here", hit.player_command && el("code", {}, hit.player_command)],
  ];
  const pair = ([name, value]) =>
    el("div", { class: WIDE.has(name) && "wide" }, el("dt", {}, name), el("dd", {}, value));
  return el("dl", { class: "facts" }, ...known.filter(([, value]) => value).map(pair));
}
