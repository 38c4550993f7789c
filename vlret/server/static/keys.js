// The keyboard: one table of keys for the grid, one for the player.

import * as basket from "./basket.js";
import { byId, el } from "./dom.js";
import { judge } from "./feedback.js";
import * as grid from "./grid.js";
import * as player from "./player.js";

const WORDS = [
  ["/", "to the search box"],
  ["Arrows", "move in the grid"],
  ["Enter", "play the hit from its first second"],
  ["M", "more like this"],
  ["N", "not like this"],
  ["B", "into the basket, or out of it"],
  ["?", "this list"],
  ["Space", "in the player: play or pause"],
  ["← →", "in the player: one second back or on"],
  ["↑ ↓", "in the player: previous or next hit"],
  ["I, O", "in the player: in or out point here"],
  ["Escape", "close"],
];

const onHit = (act) => () => {
  const item = grid.focused();
  if (item) act(item.hit);
  return Boolean(item);
};

const GRID = {
  "/": () => byId("query").select(), "?": help,
  m: onHit((hit) => judge("like", hit)), n: onHit((hit) => judge("unlike", hit)), b: onHit(basket.toggle),
};

const PLAYER = {
  " ": player.togglePlay, ArrowLeft: () => player.step(-1), ArrowRight: () => player.step(1),
  ArrowUp: () => player.turn(-1), ArrowDown: () => player.turn(1),
  i: () => player.setPoint("start"), o: () => player.setPoint("end"),
  m: player.like, n: player.unlike, b: player.keepHit, "?": help,
};

function help() {
  byId("help").showModal();
}

const isTyping = (target) => target.matches("input:not([type=checkbox]), select, textarea");

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (byId("help").open || byId("token").open || (event.key === " " && event.target.matches("button"))) return;
  const act = (player.isOpen() ? PLAYER : GRID)[event.key];
  const done = act ? act() !== false : !player.isOpen() && inGrid(event.target) && grid.arrow(event.key);
  if (done) event.preventDefault();
}

const inGrid = (target) => target === document.body || target.closest("#hits");

/** Listen to the keyboard. */
export function start() {
  byId("help").querySelector("tbody").append(
    ...WORDS.map(([name, words]) => el("tr", {}, el("th", { scope: "row" }, el("kbd", {}, name)), el("td", {}, words))));
  byId("show-help").addEventListener("click", help);
  addEventListener("keydown", press);
}
