// The entry form: nothing typed is lost, and what goes out is seen while typing.

import { fill, isTyping, words } from "./app.js";

const PAUSE = 400; // milliseconds after the last key before the preview is asked for
const form = document.getElementById("entry-form");
const key = `draft:${form.dataset.draft}`;
const preview = document.getElementById("preview");

const KEPT = new Set(["csrf_token", "rev", "key", "upload", "action"]);
const values = () =>
  [...new FormData(form)].filter(([name, value]) => !KEPT.has(name) && typeof value === "string");
const asText = (list) => JSON.stringify(list);

// What a rejected form holds is saved nowhere yet.
const clean = "rejected" in form.dataset ? "" : asText(values());
let leaving = false;

// A local copy, kept until the server has confirmed.
function keep() {
  const now = values();
  if (asText(now) === clean) {
    localStorage.removeItem(key);
    return;
  }
  localStorage.setItem(key, JSON.stringify({ at: Date.now(), rev: form.dataset.rev, values: now }));
}

function offer() {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(key));
  } catch {
    localStorage.removeItem(key);
  }
  if (!kept || asText(kept.values) === clean || "rejected" in form.dataset) return;
  const banner = document.createElement("div");
  banner.className = "note";
  const text = document.createElement("span");
  text.textContent = fill(words.draft_found, { when: new Date(kept.at).toLocaleString() });
  const take = button(words.draft_take, () => { restore(kept.values); banner.remove(); });
  const drop = button(words.draft_drop, () => { localStorage.removeItem(key); banner.remove(); });
  banner.append(text, take, drop);
  document.getElementById("draft-banner").append(banner);
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-sm btn-outline-secondary";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

function restore(list) {
  const many = new Map();
  for (const [name, value] of list) many.set(name, [...(many.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || KEPT.has(field.name) || field.name.startsWith("picture")) continue;
    const given = many.get(field.name) ?? [];
    if (field.type === "checkbox" || field.type === "radio") field.checked = given.includes(field.value);
    else if (given.length) field.value = given[0];
  }
  for (const version of form.querySelectorAll("details[data-version]")) {
    version.open = [...version.querySelectorAll("input, textarea")].some((field) => field.value);
  }
  changed();
}

addEventListener("beforeunload", (event) => {
  if (leaving || asText(values()) === clean) return;
  keep();
  event.preventDefault();
});
form.addEventListener("submit", () => {
  keep();
  leaving = true;
  sessionStorage.setItem("pending-draft", key);
});
addEventListener("pageshow", () => { leaving = false; });

// Counters.
function count() {
  for (const counter of form.querySelectorAll("[data-counter-for]")) {
    const field = document.getElementById(counter.dataset.counterFor);
    counter.textContent = [...field.value].length;
  }
}

// What was unfolded in the preview stays so while a person types.
function folds() {
  const seen = new Map();
  for (const [place, shown] of [...preview.querySelectorAll(".rendition")].entries()) {
    for (const fold of shown.querySelectorAll("[data-fold]")) seen.set(`${place} ${fold.dataset.fold}`, fold);
  }
  return seen;
}

// The preview.
let timer = 0;
let asked = null;

async function show() {
  asked?.abort();
  asked = new AbortController();
  const body = new FormData(form);
  body.delete("upload");
  preview.classList.add("is-busy");
  try {
    const answer = await fetch(preview.dataset.address, {
      method: "POST",
      body,
      signal: asked.signal,
      headers: { "HX-Request": "true", "X-CSRFToken": form.elements.csrf_token.value },
    });
    if (answer.status === 401) location.assign("/sign-in");
    if (!answer.ok) return;
    const unfolded = folds();
    preview.innerHTML = await answer.text();
    folds().forEach((fold, name) => { fold.open = unfolded.get(name)?.open ?? fold.open; });
    besideFields();
  } catch (error) {
    if (error.name !== "AbortError") document.getElementById("save-state").textContent = words.offline;
  } finally {
    preview.classList.remove("is-busy");
  }
}

// What is to be said of a field stands beside it too.
function besideFields() {
  for (const old of form.querySelectorAll("[data-live]")) old.remove();
  const said = new Set();
  for (const warning of preview.querySelectorAll("[data-for]")) {
    const name = warning.dataset.for.replace(/^poster\.(?!template)/, "poster-field.");
    const field = form.elements[name];
    const place = (field instanceof RadioNodeList ? field[0] : field)?.closest(".field");
    const line = `${name} ${warning.textContent}`;
    if (!place || said.has(line)) continue;
    said.add(line);
    const copy = warning.cloneNode(true);
    copy.dataset.live = "";
    copy.removeAttribute("data-for");
    place.append(copy);
  }
}

function changed() {
  count();
  keep();
  clearTimeout(timer);
  timer = setTimeout(show, PAUSE);
}
form.addEventListener("input", changed);
form.addEventListener("change", changed);
document.addEventListener("htmx:afterSettle", changed);

// Pictures are sent when they are chosen, so that the preview shows them.
const upload = document.getElementById("f-upload");
const fault = document.getElementById("upload-error");
upload.addEventListener("change", async (event) => {
  event.stopPropagation();
  fault.hidden = true;
  const large = [...upload.files].some((file) => file.size > words.most_upload * 1024 * 1024);
  if (large) return refuse(fill(words.too_large, { most: words.most_upload }));
  const body = new FormData();
  for (const file of upload.files) body.append("upload", file);
  const answer = await fetch("/uploads", {
    method: "POST",
    body,
    headers: { "X-CSRFToken": form.elements.csrf_token.value, Accept: "text/html" },
  });
  const html = await answer.text();
  upload.value = "";
  if (!answer.ok) {
    const told = new DOMParser().parseFromString(html, "text/html");
    return refuse((told.querySelector(".field-error, .error-words")?.textContent ?? answer.statusText).trim());
  }
  document.getElementById("pictures").insertAdjacentHTML("beforeend", html);
  changed();
});
function refuse(text) {
  upload.value = "";
  fault.textContent = text;
  fault.hidden = false;
}

for (const clear of form.querySelectorAll("[data-clear-version]")) {
  clear.addEventListener("click", () => {
    const version = clear.closest("details");
    for (const field of version.querySelectorAll("input, textarea")) field.value = "";
    version.open = false;
    changed();
  });
}

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || (isTyping(event.target) && event.target.closest("dialog"))) return;
  const action = { s: "save", Enter: "submit" }[event.key];
  const pressed = action && form.querySelector(`button[value="${action}"]`);
  if (!pressed) return;
  event.preventDefault();
  form.requestSubmit(pressed);
});

count();
offer();
show();
