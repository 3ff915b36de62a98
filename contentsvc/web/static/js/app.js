// What every page has: menus, messages, the dialog, keys and words.

export const words = JSON.parse(document.getElementById("words").textContent);

export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

export const announce = (text) => {
  document.getElementById("announcer").textContent = text;
};

export const isTyping = (target) =>
  target.closest("input, textarea, select, [contenteditable], dialog") !== null;

document.documentElement.classList.add("has-script");

// A menu closes when something else is clicked, and by Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Messages go by themselves; one that offers a way back stays longer.
const watched = new WeakSet();
function tendToasts() {
  for (const toast of document.querySelectorAll("[data-toast]")) {
    if (watched.has(toast)) continue;
    watched.add(toast);
    if (toast.classList.contains("is-bad")) continue;
    setTimeout(() => {
      if (!toast.matches(":hover, :focus-within")) toast.remove();
    }, toast.querySelector("[data-undo]") ? 12000 : 6000);
  }
}
tendToasts();
document.addEventListener("htmx:afterSettle", tendToasts);
document.addEventListener("htmx:oobAfterSwap", tendToasts);

const dialog = document.getElementById("dialog");

async function openDialog(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (!answer.ok) {
    location.assign(address);
    return;
  }
  document.getElementById("dialog-body").innerHTML = await answer.text();
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const target = event.target;
  const opener = target.closest("a[data-dialog]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openDialog(opener.href);
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

// What a person pastes elsewhere: text as it stands, an article with its looks.
async function copy(button) {
  const place = button.closest(".to-copy");
  const text = place.querySelector("pre");
  const shown = place.querySelector("iframe");
  const kept = { "text/plain": text.textContent };
  if (shown) kept["text/html"] = await article(shown.src);
  if (put(kept)) {
    tell(button, words.copied);
  } else if (shown) {
    open(shown.src);
  } else {
    getSelection().selectAllChildren(text);
    tell(button, words.marked);
  }
}

// It is cut out as text: this page's policy lets no inline style be read into a document.
async function article(address) {
  const page = await (await fetch(address)).text();
  return page.slice(page.indexOf("<section"), page.lastIndexOf("</section>") + "</section>".length);
}

// The older way to the clipboard: it works without https, and it changes nothing of the HTML.
function put(kept) {
  const give = (event) => {
    for (const [type, value] of Object.entries(kept)) event.clipboardData.setData(type, value);
    event.preventDefault();
  };
  document.addEventListener("copy", give);
  const done = document.execCommand("copy");
  document.removeEventListener("copy", give);
  return done;
}

function tell(button, text) {
  announce(text);
  button.dataset.told = text;
  setTimeout(() => delete button.dataset.told, 2500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

// The zone is worth a word only where this device keeps another.
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

document.addEventListener("htmx:sendError", () => announce(words.offline));

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  // A download leaves the page, and its form, where they are.
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

// The entry page of a text that was sent tells here whether it arrived: any page that is neither
// an error nor the same form again means that it is saved.
const pending = sessionStorage.getItem("pending-draft");
if (pending && !document.body.dataset.error && !document.querySelector("form[data-rejected]")) {
  localStorage.removeItem(pending);
  sessionStorage.removeItem("pending-draft");
}
