// The inputs of a poster's fields: character counts, picture uploads, and the focus of pictures.

import { fill, texts } from "./app.js";
import { offerValue } from "./drafts.js";

const NEAR = 0.8;

// Add the behaviour of the fields to `form`; `changed` is called when a script changes a value.
export function addPosterFields(form, changed) {
  const all = (selector) => form.querySelectorAll(selector);

  function count() {
    for (const counter of all("[data-count-for]")) {
      const field = document.getElementById(counter.dataset.countFor);
      const lines = field.tagName === "TEXTAREA" ? field.value.split("\n").filter((line) => line.trim()) : [field.value];
      const most = Number(counter.dataset.max);
      const used = Math.max(0, ...lines.map((line) => [...line.trim()].length));
      const items = Number(counter.dataset.items ?? 0);
      counter.textContent = `${used} / ${most}` + (items ? ` · ${lines.length} / ${items}` : "");
      const over = used > most || (items && lines.length > items);
      counter.classList.toggle("is-over", Boolean(over));
      counter.classList.toggle("is-near", !over && used > most * NEAR);
    }
  }

  const numbers = (picture) => picture.querySelectorAll(".focus-numbers input");
  const part = (picture, selector) => picture.querySelector(selector);
  const share = (input) => Math.min(Math.max(Number(input.value === "" ? 50 : input.value) || 0, 0), 100);

  function placeDot(picture) {
    const pad = part(picture, "[data-focus-pad]");
    const [across, down] = [...numbers(picture)].map(share);
    const dot = part(picture, ".focus-dot");
    dot.style.left = `${across}%`;
    dot.style.top = `${down}%`;
    pad.setAttribute("aria-valuenow", across);
    pad.setAttribute("aria-valuetext", `${across} % · ${down} %`);
  }

  // Art is drawn to fit its box and has no focus.
  function show(picture, address) {
    const pad = part(picture, "[data-focus-pad]");
    pad.hidden = !address;
    part(picture, ".focus-numbers").toggleAttribute("data-without", !address);
    if (address) part(pad, "img").src = address;
    placeDot(picture);
  }

  const addressOf = (source) => {
    if (!source || source.startsWith("art:")) return "";
    return source.startsWith("sha256:") ? `/uploads/${source.slice(7)}` : `/assets/${encodeURI(source)}`;
  };

  function focus(picture, across, down) {
    const inputs = numbers(picture);
    [across, down].forEach((value, index) => { inputs[index].value = Math.round(Math.min(Math.max(value, 0), 100)); });
    placeDot(picture);
    changed();
  }

  function drag(picture, event) {
    const box = part(picture, "[data-focus-pad]").getBoundingClientRect();
    focus(picture, ((event.clientX - box.left) / box.width) * 100, ((event.clientY - box.top) / box.height) * 100);
  }

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  form.addEventListener("pointerdown", (event) => {
    const pad = event.target.closest("[data-focus-pad]");
    if (!pad || event.button) return;
    event.preventDefault();
    pad.focus();
    pad.setPointerCapture(event.pointerId);
    drag(pad.closest("[data-picture]"), event);
  });
  form.addEventListener("pointermove", (event) => {
    const pad = event.target.closest?.("[data-focus-pad]");
    if (pad?.hasPointerCapture(event.pointerId)) drag(pad.closest("[data-picture]"), event);
  });
  form.addEventListener("keydown", (event) => {
    const pad = event.target.closest("[data-focus-pad]");
    const step = pad && STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const picture = pad.closest("[data-picture]");
    const far = event.shiftKey ? 10 : 2;
    const [across, down] = [...numbers(picture)].map(share);
    focus(picture, across + step[0] * far, down + step[1] * far);
  });
  form.addEventListener("input", (event) => {
    const picture = event.target.closest("[data-picture]");
    if (picture) placeDot(picture);
    count();
  });

  form.addEventListener("change", async (event) => {
    const picture = event.target.closest("[data-picture]");
    if (!picture) return;
    if (event.target.tagName === "SELECT") {
      for (const input of numbers(picture)) input.value = "";
      show(picture, addressOf(event.target.value));
    }
    if (event.target.type === "file" && event.target.files.length) {
      event.stopImmediatePropagation();
      await send(picture, event.target);
    }
  });

  async function send(picture, input) {
    const [file] = input.files;
    input.value = "";
    const errors = part(picture, ".field-messages");
    if (file.size > texts.most_upload * 1024 * 1024) {
      return showError(errors, fill(texts.too_large, { most: texts.most_upload }));
    }
    const body = new FormData();
    body.append("upload", file);
    const response = await fetch("/uploads", {
      method: "POST",
      body,
      headers: { "X-CSRFToken": form.elements.csrf_token.value, Accept: "text/html" },
    });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!response.ok) {
      return showError(errors, (page.querySelector(".field-error, .error-text")?.textContent ?? response.statusText).trim());
    }
    errors.replaceChildren();
    const source = page.querySelector('[name="picture"]').value;
    const select = part(picture, "select");
    offerValue(select, source, file.name);
    select.value = source;
    for (const number of numbers(picture)) number.value = "";
    show(picture, addressOf(source));
    changed();
  }

  function showError(container, text) {
    const line = document.createElement("p");
    line.className = "field-error";
    line.textContent = text;
    container.replaceChildren(line);
  }

  function refresh() {
    count();
    for (const picture of all("[data-picture]")) show(picture, addressOf(part(picture, "select").value));
  }
  refresh();
  // Upload pictures that were chosen before this script was loaded.
  for (const input of all('[data-picture] input[type="file"]')) {
    if (input.files.length) send(input.closest("[data-picture]"), input);
  }
  return refresh;
}
