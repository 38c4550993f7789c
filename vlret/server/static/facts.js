// What is known of the file of a hit.

import { el, percent, timecode } from "./dom.js";

/** Return the list of facts about a hit and its file. */
export function facts(hit) {
  const known = [
    ["Probability", hit.probability != null && percent(hit.probability)],
    ["Score", hit.score?.toFixed(3)],
    ["Path", hit.path],
    ["Index", hit.index],
    ["Also in", hit.copies.join(", ")],
    ["Duration", hit.duration && timecode(hit.duration)],
    ["Picture", hit.width && `${hit.width} × ${hit.height}`],
    ["Codec", hit.codec],
    ["Taken", hit.taken?.replace("T", " ")],
    ["Open the file here", hit.player_command && el("code", {}, hit.player_command)],
  ];
  const pairs = known.filter(([, value]) => value);
  return el("dl", { class: "facts" }, ...pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}
