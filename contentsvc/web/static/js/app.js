// Code of every page: menus, toasts, the dialog, keyboard shortcuts and texts.

export const texts = JSON.parse(document.getElementById("script-texts").textContent);

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export const announce = (text) => {
  document.getElementById("announcer").textContent = text;
};

export const isTyping = (target) =>
  target.closest("input, textarea, select, [contenteditable], dialog") !== null;

// Return whether the value of `field` differs from what the server sent.
export function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  const sent = [...field.options].findLastIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(sent, 0);
}

document.documentElement.classList.add("has-script");

// Make the requests of fields that were changed before htmx was ready and could notice it.
document.addEventListener("htmx:load", () => {
  for (const source of document.querySelectorAll('[hx-trigger*="change"]')) {
    const fields = [...source.querySelectorAll("input, select, textarea")];
    if (fields.some(isChanged)) htmx.trigger(source, "change");
  }
}, { once: true });

// Close a menu on a click outside of it and on Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  // Escape in the dialog closes the dialog alone.
  if (event.key !== "Escape" || dialog.open) return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    event.preventDefault();
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Toasts disappear by themselves; a toast with an undo button stays longer.
const scheduled = new WeakSet();
function scheduleToasts() {
  for (const toast of document.querySelectorAll("[data-toast]")) {
    if (scheduled.has(toast)) continue;
    scheduled.add(toast);
    if (toast.classList.contains("is-bad")) continue;
    setTimeout(() => {
      if (!toast.matches(":hover, :focus-within")) toast.remove();
    }, toast.querySelector("[data-undo]") ? 12000 : 6000);
  }
}
scheduleToasts();

// Show a message of this page's scripts as a toast. A bad one stays until it is closed.
export function showToast(text, isBad = false) {
  const box = document.getElementById("toasts");
  if ([...box.querySelectorAll(".toast-text")].some((shown) => shown.textContent === text)) return;
  const toast = document.getElementById("script-toast").content.firstElementChild.cloneNode(true);
  toast.classList.toggle("is-bad", isBad);
  toast.querySelector(".toast-text").textContent = text;
  box.append(toast);
  scheduleToasts();
}
document.addEventListener("htmx:afterSettle", scheduleToasts);
document.addEventListener("htmx:oobAfterSwap", scheduleToasts);

const dialog = document.getElementById("dialog");

// Focus the card on the week board with the id `id`.
export function focusCard(id) {
  document.getElementById(id)?.querySelector(".card-title")?.focus({ preventScroll: true });
}

async function openDialog(opener) {
  const address = opener.href;
  const response = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!response.ok) {
    location.assign(address);
    return;
  }
  document.getElementById("dialog-body").innerHTML = await response.text();
  dialog.showModal();
  // The browser cannot focus the opener again in a menu that is closed.
  opener.closest("details.menu")?.removeAttribute("open");
  const card = opener.closest(".card-entry");
  if (card) dialog.addEventListener("close", () => focusCard(card.id), { once: true });
}

document.addEventListener("click", (event) => {
  const target = event.target;
  const opener = target.closest("a[data-dialog]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openDialog(opener);
  }
  if (target.closest("[data-close-dialog]") && dialog.open) {
    event.preventDefault();
    dialog.close();
  }
  if (target === dialog) dialog.close();
  if (target.closest("[data-close]")) target.closest("[data-toast]").remove();
  if (target.closest("[data-back]")) history.back();
  if (target.matches("[data-select]")) target.select();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (event.key === "?") {
    event.preventDefault();
    location.assign("/help");
  }
  if (event.key === "z" || event.key === "Z") {
    document.querySelector("form[data-undo]")?.requestSubmit();
  }
});

// Copy a text as plain text, and an article with its styles.
async function copy(button) {
  const container = button.closest(".to-copy");
  const text = container.querySelector("pre");
  const frame = container.querySelector("iframe");
  const formats = { "text/plain": text.textContent };
  if (frame) formats["text/html"] = await article(frame.src);
  if (writeClipboard(formats)) {
    showResult(button, texts.copied);
  } else if (frame) {
    open(frame.src);
  } else {
    getSelection().selectAllChildren(text);
    showResult(button, texts.marked);
  }
}

// Cut the article out as text: the content security policy of this page forbids inline styles in
// a parsed document.
async function article(address) {
  const page = await (await fetch(address)).text();
  return page.slice(page.indexOf("<section"), page.lastIndexOf("</section>") + "</section>".length);
}

// Use execCommand: it works without HTTPS, and browsers do not sanitise the HTML.
function writeClipboard(formats) {
  const fillClipboard = (event) => {
    for (const [type, value] of Object.entries(formats)) event.clipboardData.setData(type, value);
    event.preventDefault();
  };
  document.addEventListener("copy", fillClipboard);
  const done = document.execCommand("copy");
  document.removeEventListener("copy", fillClipboard);
  return done;
}

function showResult(button, text) {
  announce(text);
  button.dataset.result = text;
  setTimeout(() => delete button.dataset.result, 2500);
}

// Ask again for a picture that the server was too busy to paint.
const PAINT_AGAIN = [2, 4, 8, 16, 32]; // seconds before each further request
function paintAgain(image) {
  const tries = Number(image.dataset.tries ?? 0);
  if (tries === PAINT_AGAIN.length) return;
  image.dataset.tries = tries + 1;
  const address = new URL(image.currentSrc || image.src);
  address.searchParams.set("try", tries + 1);
  setTimeout(() => { image.src = address; }, PAINT_AGAIN[tries] * 1000);
}
document.addEventListener("error", (event) => {
  if (event.target.matches?.("img[data-painted]")) paintAgain(event.target);
}, { capture: true });
for (const image of document.querySelectorAll("img[data-painted]")) {
  // It may have failed before this script was loaded.
  if (image.complete && image.currentSrc && !image.naturalWidth) paintAgain(image);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// Show the time zone of the board only if it differs from that of this device.
function showZones() {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const board = document.querySelector("[data-zone]");
  const note = document.querySelector("[data-zone-note]");
  if (board && note) note.hidden = board.dataset.zone === here;
  const help = document.querySelector("[data-zone-help]");
  if (help) help.hidden = help.dataset.zoneHelp === here;
}
showZones();
document.addEventListener("htmx:afterSettle", showZones);

// A request that the server did not receive has changed nothing. The preview of a form says so itself.
document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.requestConfig.verb !== "get" && !event.target.closest("form[data-own-draft]")) showToast(texts.not_sent, true);
  else announce(texts.offline);
});

// Open every fold that hides `field`.
export function openFolds(field) {
  for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}

// Focus the first field of `root` that has an error, so that a person corrects it at once.
function focusFirstError(root) {
  const field = root.querySelector('[aria-invalid="true"]:enabled');
  if (field) showField(field);
}
function showField(field) {
  openFolds(field);
  field.focus();
}
// A link of the error summary leads to the field, not to its message.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-error-place]");
  const field = link && document.querySelector(`[aria-describedby~="${link.dataset.errorPlace}"]`);
  if (!field) return;
  event.preventDefault();
  showField(field);
});
focusFirstError(document);
// Only a form that a person has sent takes the focus: others are checked while a person types.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.triggeringEvent?.type === "submit") focusFirstError(event.detail.target);
});

// Send a form only once, even if its button is pressed again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  // After a download the page and its form stay usable.
  if ("stays" in (event.submitter?.dataset ?? {})) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method === "post") form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// Delete the drafts whose text the server has saved. It names their ids in a cookie.
function deleteSavedDrafts() {
  const [, ids] = document.cookie.match(/(?:^|; )saved_drafts="?([0-9a-f.]+)/) ?? [];
  if (!ids) return;
  const saved = new Set(ids.split("."));
  for (const name of Object.keys(localStorage)) {
    if (name.startsWith("draft:") && saved.has(name.slice(name.lastIndexOf(":") + 1))) localStorage.removeItem(name);
  }
  document.cookie = "saved_drafts=; Max-Age=0; Path=/; SameSite=Lax";
}
deleteSavedDrafts();
