// The entry form: drafts, and a live preview of what each channel will show.

import { fill, isChanged, isTyping, texts } from "./app.js";
import { storeDraft } from "./drafts.js";
import { addPosterFields } from "./poster-fields.js";

const PAUSE = 400; // milliseconds between the last key and the request for the preview
const form = document.getElementById("entry-form");
const preview = document.getElementById("preview");
const saveState = document.getElementById("save-state");

const draft = storeDraft(form, {
  restored: () => {
    for (const version of form.querySelectorAll("details.version")) {
      version.open = [...version.querySelectorAll("input, textarea")].some((field) => field.value);
    }
    refreshPoster();
    changed();
  },
  skips: (name) => name.startsWith("picture"),
  never: ["rev", "key", "code", "notices.usual", "upload"],
});

// Counters.
function count() {
  for (const counter of form.querySelectorAll("[data-counter-for]")) {
    const field = document.getElementById(counter.dataset.counterFor);
    counter.textContent = [...field.value].length;
  }
}

// Return the foldable parts of the preview by name. What a person unfolded stays unfolded.
function folds() {
  const found = new Map();
  for (const [index, rendition] of [...preview.querySelectorAll(".rendition")].entries()) {
    for (const fold of rendition.querySelectorAll("[data-fold]")) found.set(`${index} ${fold.dataset.fold}`, fold);
  }
  return found;
}

// The preview.
let timer = 0;
let request = null; // the AbortController of the running request
let lastHtml = ""; // the last response of the server

async function show() {
  request?.abort();
  request = new AbortController();
  const body = new FormData(form);
  for (const name of [...body.keys()]) if (/^(upload|poster-upload\.)/.test(name)) body.delete(name);
  preview.classList.add("is-busy");
  try {
    const response = await fetch(preview.dataset.address, {
      method: "POST",
      body,
      signal: request.signal,
      headers: { "HX-Request": "true", "X-CSRFToken": form.elements.csrf_token.value },
    });
    saveState.textContent = response.status === 401 ? texts.signed_out : "";
    if (!response.ok) return;
    const html = await response.text();
    // Leave an unchanged preview alone: a person may be clicking in it, and leaving a field asks for
    // the preview again.
    if (html === lastHtml) return;
    lastHtml = html;
    const unfolded = folds();
    preview.innerHTML = html;
    folds().forEach((fold, name) => { fold.open = unfolded.get(name)?.open ?? fold.open; });
    showBesideFields();
  } catch (error) {
    if (error.name !== "AbortError") saveState.textContent = texts.offline;
  } finally {
    preview.classList.remove("is-busy");
  }
}

// Show the warnings of the preview beside their fields too.
function showBesideFields() {
  for (const old of form.querySelectorAll("[data-live]")) old.remove();
  const added = new Set();
  for (const warning of preview.querySelectorAll("[data-for]")) {
    const name = warning.dataset.for.replace(/^poster\.(?!template)/, "poster-field.");
    const field = form.elements[name];
    const container = (field instanceof RadioNodeList ? field[0] : field)?.closest(".field");
    const line = `${name} ${warning.textContent}`;
    if (!container || added.has(line)) continue;
    added.add(line);
    const copy = warning.cloneNode(true);
    copy.dataset.live = "";
    copy.removeAttribute("data-for");
    container.append(copy);
  }
}

function changed() {
  count();
  draft.store();
  clearTimeout(timer);
  timer = setTimeout(show, PAUSE);
}
form.addEventListener("input", changed);
form.addEventListener("change", changed);
document.addEventListener("htmx:afterSettle", () => { refreshPoster(); changed(); });
const refreshPoster = addPosterFields(form, changed);

// Upload pictures when they are chosen, so that the preview shows them.
const upload = document.getElementById("f-upload");
const uploadError = document.getElementById("upload-error");
upload.addEventListener("change", (event) => {
  event.stopPropagation();
  uploadChosen();
});
// Pictures may have been chosen before this script was loaded.
if (upload.files.length) uploadChosen();
async function uploadChosen() {
  uploadError.hidden = true;
  const large = [...upload.files].some((file) => file.size > texts.most_upload * 1024 * 1024);
  if (large) return showUploadError(fill(texts.too_large, { most: texts.most_upload }));
  const body = new FormData();
  for (const file of upload.files) body.append("upload", file);
  const response = await fetch("/uploads", {
    method: "POST",
    body,
    headers: { "X-CSRFToken": form.elements.csrf_token.value, Accept: "text/html" },
  });
  const html = await response.text();
  upload.value = "";
  if (!response.ok) {
    const page = new DOMParser().parseFromString(html, "text/html");
    return showUploadError((page.querySelector(".field-error, .error-text")?.textContent ?? response.statusText).trim());
  }
  document.getElementById("pictures").insertAdjacentHTML("beforeend", html);
  changed();
}
function showUploadError(text) {
  upload.value = "";
  uploadError.textContent = text;
  uploadError.hidden = false;
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

// Escape leads back to the card on the board. From a field with unsaved text it leads out of the
// field only, because an input method uses Escape too.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  if (isTyping(event.target) && [...form.querySelectorAll("input, select, textarea")].some(isChanged)) event.target.blur();
  else document.querySelector("[data-back-to-board]").click();
});

count();
draft.offer();
show();
