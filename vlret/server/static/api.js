// The HTTP API: every answer that is no success becomes an ApiError with words for people.

import { askForToken } from "./token.js";

export class ApiError extends Error {
  constructor(message, hint = "") {
    super(message);
    this.hint = hint;
  }
}

async function call(path, options = {}) {
  const response = await fetch(path, options).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server does not answer.", "Is vlret serve still running?");
  });
  if (response.status === 401) {
    await askForToken();
    return call(path, options);
  }
  if (response.ok) return response;
  const { error = {} } = await response.json().catch(() => ({}));
  throw new ApiError(error.message ?? `The server answered with an error (${response.status}).`, error.hint);
}

const json = (body, signal) => ({
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal,
});

function multipart(file, body, signal) {
  const form = new FormData();
  form.append("file", file);
  form.append("options", JSON.stringify(body));
  return { method: "POST", body: form, signal };
}

const at = (index) => `/api/indexes/${encodeURIComponent(index)}`;

export const indexes = async () => (await call("/api/indexes")).json();

export const clip = async (index, id) => (await call(`${at(index)}/clips/${id}`)).json();

/** Whether the models are loaded, and what is waited for. */
export const health = async () => (await call("/api/health")).json();

export const playUrl = (hit, start, end) => `${at(hit.index)}/clips/${hit.clip_id}/play.mp4?start=${start}&end=${end}`;

export function heatMapUrl(hit, query) {
  const moment = new URLSearchParams({ query, start: hit.start, end: hit.end });
  return `${at(hit.index)}/clips/${hit.clip_id}/heatmap.png?${moment}`;
}

/** Search with `body`, or with `file` and `body`. */
export async function search(body, file, signal) {
  const answer = file
    ? await call("/api/search/upload", multipart(file, body, signal))
    : await call("/api/search", json(body, signal));
  return answer.json();
}

/** The scores of the query along the file of a hit. */
export async function curve(hit, body, file) {
  const path = `${at(hit.index)}/media/${hit.media_id}/curve`;
  return (file ? await call(`${path}/upload`, multipart(file, body)) : await call(path, json(body))).json();
}

/** The file of an export and its name. */
export async function exported(body) {
  const answer = await call("/api/export", json(body));
  const [, name] = /filename\*=utf-8''(.+)/.exec(answer.headers.get("Content-Disposition"));
  return { blob: await answer.blob(), name: decodeURIComponent(name) };
}
