// The poster studio: the poster is painted while its words are typed.

import { words } from "./app.js";
import { keepDraft } from "./drafts.js";
import { tendPosterFields } from "./poster-fields.js";

const PAUSE = 250; // milliseconds after the last key before the poster is asked for
const form = document.getElementById("studio-form");
const sketcher = document.getElementById("sketcher");
const stage = document.querySelector(".stage");

let timer = 0;
function changed() {
  draft.keep();
  sketch();
}
function sketch() {
  clearTimeout(timer);
  timer = setTimeout(() => htmx.trigger(sketcher, "sketch"), PAUSE);
}
const draft = keepDraft(form, {
  restored: () => { refresh(); changed(); },
  never: ["size", "samples", "format", "limit"],
});
const refresh = tendPosterFields(form, changed);

form.addEventListener("input", changed);
form.addEventListener("change", (event) => {
  if (event.target.type !== "file") changed();
});

// What is told to the eye by colour is told to a screen reader too.
function mark() {
  for (const remarks of form.querySelectorAll(".remarks")) {
    const field = remarks.closest(".field").querySelector(".form-control, .form-select");
    if (remarks.querySelector(".field-error")) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

// On a phone the picture is out of sight while somebody types: a small one stays.
const mini = document.querySelector("[data-mini]");
const picture = document.getElementById("studio-picture");
function follow() {
  const image = picture.querySelector("img");
  if (image) mini.querySelector("img").src = image.src;
}
new IntersectionObserver(([seen]) => {
  mini.hidden = seen.isIntersecting || !picture.querySelector("img");
}, { threshold: 0.25 }).observe(stage);
mini.addEventListener("click", () => stage.scrollIntoView({ block: "center" }));
document.addEventListener("htmx:afterSettle", () => { mark(); follow(); });
mark();
follow();

sketcher.addEventListener("htmx:beforeRequest", () => stage.classList.add("is-busy"));
sketcher.addEventListener("htmx:afterRequest", () => stage.classList.remove("is-busy"));
sketcher.addEventListener("htmx:sendError", () => {
  document.getElementById("studio-status").textContent = words.offline;
});
stage.addEventListener("htmx:beforeSwap", (event) => {
  // Somebody who was signed out meanwhile keeps the text in this browser.
  if (event.detail.xhr.status >= 400) event.detail.shouldSwap = false;
});

draft.offer();

// What was typed before this script had come is painted too.
const isTyped = (field) => field.defaultValue !== undefined && field.value !== field.defaultValue;
if ([...form.elements].some(isTyped)) sketch();
