// A picture or a clip as the query, chosen by a button or dropped onto the page.

import { byId } from "./dom.js";
import { go, state } from "./state.js";

let held = null;
let picture = null;

/** The uploaded file, while this page is open. */
export const file = () => (state.file && held?.name === state.file ? held : null);

/** The address of its picture, or null. */
export const preview = () => (file()?.type.startsWith("image/") ? picture : null);

function take(given) {
  if (!given) return;
  if (picture) URL.revokeObjectURL(picture);
  [held, picture] = [given, URL.createObjectURL(given)];
  go({ file: given.name, q: "", like: [], unlike: [] });
}

/** Wire the button and the whole page as a place to drop a file on. */
export function start() {
  const input = byId("file"), drop = byId("drop");
  byId("upload").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take(input.files[0]);
    input.value = "";
  });
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.hidden = true;
  });
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    drop.hidden = true;
    take(event.dataTransfer.files[0]);
  });
}
