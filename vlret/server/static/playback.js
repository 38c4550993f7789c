// Plays any second of the file of a hit: the file itself where browsers play it, else a part that the server makes.

import { playUrl } from "./api.js";
import { el } from "./dom.js";

const PART_S = 15;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Return `{video, seek, time, toggle}` for a hit; times are seconds of the file. `tell` shows words. */
export function playback(hit, tell) {
  const video = el("video", { controls: true, playsinline: true, preload: "auto", poster: hit.thumbnail, "aria-label": hit.name });
  let offset = 0, whole = Boolean(hit.file);

  function load(url, from, t) {
    offset = from;
    video.src = url;
    tell("Loading…");
    video.addEventListener("loadedmetadata", () => {
      video.currentTime = t - offset;
      if (!still.matches) video.play().catch(() => {}); // a browser may want a click first
    }, { once: true });
  }
  const part = () => load(hit.play, hit.start, hit.start);
  function seek(t) {
    const here = whole || (offset <= t && t < offset + video.duration);
    if (here) video.currentTime = t - offset;
    else load(playUrl(hit, t, Math.min(t + PART_S, hit.duration ?? t + PART_S)), t, t);
  }
  video.addEventListener("canplay", () => tell(""));
  video.addEventListener("error", () => {
    if (!whole || !hit.play) return tell("This part cannot be played.");
    whole = false;
    part();
  });
  whole ? load(hit.file, 0, hit.start) : part();
  return {
    video, seek,
    time: () => video.currentTime + offset,
    toggle: () => (video.paused ? video.play().catch(() => {}) : video.pause()),
  };
}
