// The entry form: nothing typed is lost, and what goes out is seen while typing.

import { fill, isTyping, words } from "./app.js";
import { keepDraft } from "./drafts.js";
import { tendPosterFields } from "./poster-fields.js";

const PAUSE = 400; // milliseconds after the last key before the preview is asked for
const form = document.getElementById("entry-form");
const preview = document.getElementById("preview");

const draft = keepDraft(form, {
  restored: () => {
    for (const version of form.querySelectorAll("details.version")) {
      version.open = [...version.querySelectorAll("input, textarea")].some((field) => field.value);
    }
    refreshPoster();
    changed();
  },
  skips: (name) => name.startsWith("picture"),
});

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
let answered = ""; // what the server sent last

async function show() {
  asked?.abort();
  asked = new AbortController();
  const body = new FormData(form);
  for (const name of [...body.keys()]) if (/^(upload|poster-upload\.)/.test(name)) body.delete(name);
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
    const html = await answer.text();
    // Where nothing is new, nothing is taken from under a person's hand: leaving a field asks again.
    if (html === answered) return;
    answered = html;
    const unfolded = folds();
    preview.innerHTML = html;
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
  draft.keep();
  clearTimeout(timer);
  timer = setTimeout(show, PAUSE);
}
form.addEventListener("input", changed);
form.addEventListener("change", changed);
document.addEventListener("htmx:afterSettle", () => { refreshPoster(); changed(); });
const refreshPoster = tendPosterFields(form, changed);

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
draft.offer();
show();
