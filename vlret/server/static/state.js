// What is searched for lives in the address of the page, so that "back" works and a search can be bookmarked.

const TEXTS = ["q", "file", "index", "plus", "minus", "only", "exclude", "where", "from", "until", "shortest", "longest",
  "least", "moments", "all"];
const LISTS = ["like", "unlike"];
const DEFAULTS = { sort: "score", page: "1", hit: "" };
const PAGE_SIZE = 48;

export const FILTERS = [...TEXTS.slice(3), "sort"];

export let state = read();
const listeners = [];

export const onChange = (listener) => listeners.push(listener);

function read() {
  const given = new URLSearchParams(location.search);
  const now = { ...DEFAULTS };
  for (const name of [...TEXTS, ...Object.keys(DEFAULTS)]) now[name] = given.get(name) ?? DEFAULTS[name] ?? "";
  for (const name of LISTS) now[name] = given.getAll(name);
  return now;
}

function address() {
  const given = new URLSearchParams();
  for (const name of [...TEXTS, ...Object.keys(DEFAULTS)])
    if (state[name] !== (DEFAULTS[name] ?? "")) given.set(name, state[name]);
  for (const name of LISTS) for (const value of state[name]) given.append(name, value);
  return `${location.pathname}${given.size ? "?" : ""}${given}`;
}

/** Change the search; anything but a page or an open hit leads to the first page. `how` may be "replace". */
export function go(changes, how = "push") {
  const turned = "page" in changes || "hit" in changes;
  state = { ...state, ...(turned ? {} : { page: "1", hit: "" }), ...changes };
  history[`${how}State`](null, "", address());
  tell();
}

function tell() {
  for (const listener of listeners) listener(state);
}

window.addEventListener("popstate", () => {
  state = read();
  tell();
});

/** The name of a clip in the address. */
export const key = (hit) => `${hit.index}:${hit.clip_id}`;

export function fromKey(text) {
  const colon = text.lastIndexOf(":");
  return { index: text.slice(0, colon), clip_id: Number(text.slice(colon + 1)) };
}

export const asked = () => Boolean(state.q || state.file || state.like.length);

/** Whether one sentence alone is asked for: only then hits have a probability. */
export const isSentence = () => !(state.file || state.plus || state.minus || state.like.length || state.unlike.length);

/** The body of a search request. */
export function body() {
  return {
    index: state.index || null, query: state.q,
    plus: weighted(state.plus), minus: weighted(state.minus),
    like: state.like.map(fromKey), unlike: state.unlike.map(fromKey),
    k: PAGE_SIZE, page: Number(state.page), all_clips: state.all === "1",
    only: state.only || null, exclude: state.exclude || null, where: where(),
    sort: state.sort, min_probability: state.least && isSentence() ? Number(state.least) / 100 : null, moments: state.moments === "1",
  };
}

const weighted = (text) => (text ? [{ query: text, weight: 0.5 }] : []);

function where() {
  const parts = [
    state.where && `(${state.where}\n)`,
    state.from && `taken >= '${state.from}'`,
    state.until && `taken < '${dayAfter(state.until)}'`,
    state.shortest && `duration >= ${Number(state.shortest)}`,
    state.longest && `duration <= ${Number(state.longest)}`,
  ].filter(Boolean);
  return parts.join(" and ") || null;
}

function dayAfter(date) {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + 1);
  return day.toISOString().slice(0, 10);
}
