// Asks for the access token; the server keeps it in a cookie that no script can read.

import { byId } from "./dom.js";

let asked = null;

/** Resolve once the server has taken a token. Requests that are refused together ask once. */
export function askForToken() {
  asked ??= ask().finally(() => { asked = null; });
  return asked;
}

function ask() {
  const dialog = byId("token"), value = byId("token-value"), error = byId("token-error");
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  if (!dialog.open) dialog.showModal();
  return new Promise((resolve) => {
    dialog.querySelector("form").onsubmit = async (event) => {
      event.preventDefault();
      const refused = !(await fetch(`/?token=${encodeURIComponent(value.value)}`)).ok;
      error.textContent = refused ? "The server does not take this token." : "";
      value.value = "";
      if (refused) return;
      dialog.close();
      resolve();
    };
  });
}
