// The poster studio: paint the poster while a person types.

import { isChanged, texts } from "./app.js";
import { storeDraft } from "./drafts.js";
import { addPosterFields } from "./poster-fields.js";

const PAUSE = 250; // milliseconds between the last key and the request for the poster
const form = document.getElementById("studio-form");
const sketcher = document.getElementById("sketcher");
const stage = document.querySelector(".stage");

let timer = 0;
function changed() {
  draft.store();
  sketch();
}
function sketch() {
  clearTimeout(timer);
  timer = setTimeout(() => htmx.trigger(sketcher, "sketch"), PAUSE);
}
const draft = storeDraft(form, {
  restored: () => { refresh(); changed(); },
  never: ["entry", "rev", "size", "samples", "format", "limit"],
});
const refresh = addPosterFields(form, changed);

form.addEventListener("input", changed);
form.addEventListener("change", (event) => {
  if (event.target.type !== "file") changed();
});

// Mark faulty fields for screen readers too, not only by colour.
function markFaultyFields() {
  for (const messages of form.querySelectorAll(".field-messages")) {
    const field = messages.closest(".field").querySelector(".form-control, .form-select");
    if (messages.querySelector(".field-error")) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

// Show a small picture while the large one is out of sight, as on a phone while typing.
const mini = document.querySelector("[data-mini]");
const picture = document.getElementById("studio-picture");
function updateMini() {
  const image = picture.querySelector("img");
  if (image) mini.querySelector("img").src = image.src;
}
new IntersectionObserver(([entry]) => {
  mini.hidden = entry.isIntersecting || !picture.querySelector("img");
}, { threshold: 0.25 }).observe(stage);
mini.addEventListener("click", () => stage.scrollIntoView({ block: "center" }));
document.addEventListener("htmx:afterSettle", () => { markFaultyFields(); updateMini(); });
markFaultyFields();
updateMini();

sketcher.addEventListener("htmx:beforeRequest", () => stage.classList.add("is-busy"));
sketcher.addEventListener("htmx:afterRequest", () => stage.classList.remove("is-busy"));
sketcher.addEventListener("htmx:sendError", () => {
  document.getElementById("studio-status").textContent = texts.offline;
});
stage.addEventListener("htmx:beforeSwap", (event) => {
  // A person who was signed out meanwhile keeps the text in this browser.
  if (event.detail.xhr.status >= 400) event.detail.shouldSwap = false;
});

draft.offer();

// Paint what was typed or chosen before this script was loaded.
if ([...form.querySelectorAll("input, select, textarea")].some(isChanged)) sketch();
