// Elements without innerHTML: what a file is called is always text.

/** Return a new element; a function is a listener, `false` and `null` leave an attribute out. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child != null && child !== false));
  return node;
}

/** Return a new SVG element. */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const icon = (name) =>
  svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));

/** Return a button that shows an icon and is called `label`. */
export function iconButton(name, label, click, attributes = {}) {
  return el("button", { type: "button", class: "quiet", title: label, "aria-label": label, click, ...attributes }, icon(name));
}

export const byId = (id) => document.getElementById(id);

/** 83.46 -> "1:23.5", 5025 -> "1:23:45"; tenths where there are any. */
export function timecode(seconds) {
  const tenths = Math.round(seconds * 10);
  const [hours, minutes] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60];
  const rest = (tenths % 600) / 10;
  const tail = (rest < 10 ? "0" : "") + rest;
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** "1:23.5" -> 83.5, "7" -> 7, and NaN for what is no time. */
export function seconds(text) {
  return text.trim() === "" ? NaN : text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

export const span = (hit) => (hit.kind === "image" ? "image" : `${timecode(hit.start)}–${timecode(hit.end)}`);

export const percent = (probability) => `${Math.round(probability * 100)}%`;

export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
