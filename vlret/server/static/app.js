// Wires the page: the address says what to search for, the answer is shown, an open hit plays.

import * as api from "./api.js";
import * as basket from "./basket.js";
import { byId, count, el } from "./dom.js";
import * as feedback from "./feedback.js";
import * as filters from "./filters.js";
import * as grid from "./grid.js";
import * as keys from "./keys.js";
import * as player from "./player.js";
import { asked, body, fromKey, go, isSentence, key, onChange, state } from "./state.js";
import * as upload from "./upload.js";

const SEARCHING = "Searching…";
const SLOW_MS = 1500;
const EXAMPLES = ["people cross a square", "a city at night", "hands holding something"];

let indexes = [], hits = [], query = "", request = "", running = null;

async function update() {
  if (state.q !== query) byId("query").value = query = state.q; // what is being typed stays
  byId("index").value = state.index;
  document.title = state.q ? `${state.q} – vlret` : "vlret";
  feedback.show();
  filters.show();
  const wanted = JSON.stringify([body(), state.file]);
  if (wanted !== request) await search(wanted);
  player.show(state.hit ? await opened() : null, hits);
}

async function search(wanted) {
  request = wanted;
  running?.abort();
  running = new AbortController();
  if (!asked()) return welcome();
  if (state.file && !upload.file())
    return fail(new api.ApiError(`${state.file} has to be given again.`, "An uploaded file is not kept."));
  byId("status").textContent = SEARCHING;
  byId("hits").setAttribute("aria-busy", "true");
  const slow = setTimeout(() => sayWhatLoads().catch(() => {}), SLOW_MS); // a search that fails says so itself
  try {
    present(await api.search(body(), upload.file(), running.signal));
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  }
  clearTimeout(slow);
}

async function sayWhatLoads() {
  const { ready, message } = await api.health();
  if (!ready && byId("status").textContent === SEARCHING) byId("status").textContent = message ?? "The model is being loaded…";
}

function present(answer) {
  fill(answer.hits);
  document.body.classList.toggle("nothing-fits", answer.nothing_fits);
  byId("status").textContent = words(answer);
  notice(answer.nothing_fits && hits.length && [
    el("strong", {}, "Nothing in this index fits well."), " These are the nearest clips; probably none of them is right."],
  state.least && !isSentence() && ["Only a sentence alone has probabilities: the least probability is not used."],
  ...answer.warnings.map((warning) => [warning]));
  pages(answer);
  scrollTo(0, 0);
}

function words(answer) {
  if (!hits.length) return answer.page > 1 ? "No more hits." : "No hits. Try other words, or fewer filters.";
  const page = answer.page > 1 || answer.has_next ? `, page ${answer.page}` : "";
  return `${count(hits.length, "hit")}${page}`;
}

function fill(given) {
  hits = given;
  byId("hits").removeAttribute("aria-busy");
  grid.show(hits);
}

function notice(...paragraphs) {
  byId("notice").className = "";
  const shown = paragraphs.filter(Boolean);
  byId("notice").replaceChildren(...shown.map((parts) => el("p", {}, ...parts)));
  byId("notice").hidden = !shown.length;
}

function pages({ page, has_next: more }) {
  byId("pages").hidden = page === 1 && !more;
  byId("previous").disabled = page === 1;
  byId("next").disabled = !more;
  byId("pages").querySelector("span").textContent = `Page ${page}`;
}

function welcome() {
  fill([]);
  pages({ page: 1, has_next: false });
  const sum = (name) => indexes.reduce((n, index) => n + index[name], 0);
  byId("status").textContent = `${count(sum("clips"), "clip")} of ${count(sum("files"), "file")} can be searched.`;
  const example = (words) => el("button", { type: "button", click: () => go({ q: words }) }, words);
  notice(["Describe what you want to see, or drop a picture or a clip here."], EXAMPLES.map(example));
  byId("notice").className = "welcome";
}

function fail(error) {
  fill([]);
  pages({ page: 1, has_next: false });
  byId("status").textContent = "";
  notice([el("strong", { role: "alert" }, error.message), " ", error.hint ?? ""]);
}

/** The hit that the address names: one of those found, or any clip of an index. */
async function opened() {
  const found = hits.find((hit) => key(hit) === state.hit);
  if (found) return found;
  const { index, clip_id: id } = fromKey(state.hit);
  return api.clip(index, id).catch(fail);
}

function picker() {
  const choices = indexes.map((index) => el("option", { value: index.id }, index.name));
  if (indexes.length > 1) choices.unshift(el("option", { value: "" }, "All indexes"));
  else choices[0].value = "";
  byId("index").append(...choices);
  byId("index").addEventListener("change", ({ target }) => go({ index: target.value, like: [], unlike: [] }));
}

async function start() {
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const q = byId("query").value.trim();
    go({ q, file: "", ...(q === state.q ? {} : { like: [], unlike: [] }) });
  });
  byId("previous").addEventListener("click", () => go({ page: String(Number(state.page) - 1) }));
  byId("next").addEventListener("click", () => go({ page: String(Number(state.page) + 1) }));
  if (new URLSearchParams(location.search).has("token")) go({ hit: state.hit }, "replace");
  const about = await api.indexes();
  indexes = about.indexes;
  picker();
  filters.start(indexes.some((index) => index.calibrated));
  basket.start(about.formats);
  upload.start();
  keys.start();
  onChange(update);
  await update();
  if (!asked()) byId("query").focus();
}

start().catch(fail);
