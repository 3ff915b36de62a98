// Drafts: store the typed text of a form in this browser until the server has saved it.
//
// Each form stores its text under an id of its own, so that two tabs do not overwrite each other.
// The form posts the id, and app.js deletes the draft once the server has confirmed it.

import { announce, fill, isChanged, openFolds, showToast, texts } from "./app.js";

const NEVER_STORED = ["csrf_token", "draft.id", "action"];
const LONGEST = 90 * 24 * 3600 * 1000; // milliseconds after which an unsaved draft is deleted

// Store the values of `form` under the name in its data-draft attribute. `restored` is called after
// a draft was restored; `skips` tells which fields cannot be restored by their name alone, `never`
// lists fields that are not part of the text, and `asks` tells whether to ask before a page with
// unsaved text is closed.
export function storeDraft(form, { restored = () => {}, skips = () => false, never = [], asks = true } = {}) {
  // The browser shows typed passwords and secrets nowhere, so it does not store them either.
  const excluded = [...NEVER_STORED, ...never, ...namesOf(form, "password")];
  const prefix = `draft:${form.dataset.draft}:`;
  const id = (form.elements["draft.id"].value ||= newId());
  const key = prefix + id;
  const isStored = ([name, value]) => !excluded.includes(name) && typeof value === "string";
  const values = () => [...new FormData(form)].filter(isStored);
  const asText = (list) => JSON.stringify(list);
  const isRejected = "rejected" in form.dataset;
  // The revision on which the text is based; a restored draft has its own.
  const revision = () => form.elements.rev?.value ?? form.dataset.rev;

  // A rejected form is not saved on the server, so all its values count as changed. Values that were
  // typed before this script was loaded count as changed too.
  const sent = sentValues(form).filter(isStored);
  const clean = isRejected ? "" : asText(sent);
  let leaving = false;
  let isFull = false;

  function store() {
    const now = values();
    if (asText(now) === clean) {
      localStorage.removeItem(key);
      return;
    }
    try {
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), rev: revision(), values: now }));
      isFull = false;
    } catch {
      // The browser allows a few megabytes, or none in a private window.
      if (!isFull) showToast(texts.draft_full, true);
      isFull = true;
    }
  }

  function offer() {
    if (!isRejected) for (const draft of others()) propose(draft);
    if (asText(values()) !== clean) store();
  }

  // Return the drafts of earlier pages and other tabs, the newest first.
  function others() {
    const found = [];
    for (const name of Object.keys(localStorage)) {
      if (!name.startsWith(prefix) || name === key) continue;
      const draft = read(name);
      // What this page shows was saved, by a form that saves itself while a person types.
      // A field that is filled may have moved within the form.
      const isSaved = draft && asText([...draft.values].sort()) === asText([...sent].sort());
      if (!draft || isSaved || Date.now() - draft.at > LONGEST) localStorage.removeItem(name);
      else found.push({ ...draft, name });
    }
    return found.sort((one, other) => other.at - one.at);
  }

  function propose(draft) {
    const banner = document.createElement("div");
    banner.className = "note";
    const text = document.createElement("span");
    text.textContent = fill(texts.draft_found, { when: new Date(draft.at).toLocaleString() });
    const excerpt = document.createElement("q");
    excerpt.className = "draft-excerpt";
    excerpt.textContent = excerptOf(draft.values);
    if (excerpt.textContent) text.append(" ", excerpt);
    const take = button(texts.draft_take, () => { restore(draft.name, draft); banner.remove(); });
    const drop = button(texts.draft_drop, () => { localStorage.removeItem(draft.name); banner.remove(); });
    banner.append(text, take, drop);
    bannerBox(form).append(banner);
  }

  function restore(name, draft) {
    // The other tab may have stored newer text since this page was loaded.
    const { values: list } = read(name) ?? draft;
    const valuesByName = new Map();
    for (const [field, value] of list) valuesByName.set(field, [...(valuesByName.get(field) ?? []), value]);
    for (const field of form.elements) {
      if (!field.name || excluded.includes(field.name) || field.type === "file" || skips(field.name)) continue;
      const stored = valuesByName.get(field.name) ?? [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = stored.includes(field.value);
      else if (stored.length) {
        if (field.tagName === "SELECT") offerValue(field, stored[0]);
        field.value = stored[0];
      }
    }
    // If somebody else has saved this form since the draft began, saving shows both texts.
    if (form.elements.rev && draft.rev) form.elements.rev.value = draft.rev;
    restored();
    store();
    // The text is now in this form's own draft, unless the browser could not store it.
    if (!isFull) localStorage.removeItem(name);
  }

  addEventListener("beforeunload", (event) => {
    if (leaving || asText(values()) === clean) return;
    store();
    if (asks) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    store();
    if (!navigator.onLine) {
      // The browser would replace the page by one of its own that shows no text.
      event.preventDefault();
      event.stopImmediatePropagation();
      showToast(texts.offline, true);
      announce(texts.offline);
      return;
    }
    // After a download the page stays.
    if (!("stays" in (event.submitter?.dataset ?? {}))) leaving = true;
  }, { capture: true });
  addEventListener("pageshow", () => { leaving = false; });

  return { store, offer };
}

function namesOf(form, type) {
  return [...form.elements].filter((field) => field.type === type).map((field) => field.name);
}

function read(name) {
  try {
    const draft = JSON.parse(localStorage.getItem(name));
    return Array.isArray(draft?.values) ? draft : null;
  } catch {
    return null;
  }
}

// Return a random id; crypto.randomUUID exists on https pages only.
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Return the first typed words, so that a person recognises the draft.
function excerptOf(list) {
  const longest = 30; // characters
  const text = list.filter(([name]) => /title|name|body|text|pasted|fixed|cell|url|reason/.test(name)).map(([, value]) => value.trim()).find(Boolean) ?? "";
  const letters = [...text.replace(/\s+/g, " ")];
  return letters.length > longest ? `${letters.slice(0, longest).join("")}…` : text;
}

function bannerBox(form) {
  let box = form.querySelector("[data-draft-banner]");
  if (!box) {
    box = document.createElement("div");
    box.dataset.draftBanner = "";
    form.prepend(box);
  }
  return box;
}

// Return the values of `form` as the server sent them.
function sentValues(form) {
  const copy = form.cloneNode(true);
  copy.reset();
  return [...new FormData(copy)];
}

function button(text, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "btn btn-sm btn-outline-secondary";
  element.textContent = text;
  element.addEventListener("click", act);
  return element;
}

// Add an option to `select` unless it has it: a picture that was uploaded after the page was loaded.
export function offerValue(select, value, text = value) {
  if ([...select.options].some((option) => option.value === value)) return;
  select.add(new Option(text, value), 1);
}

// Forms that need nothing else. The entry form and the studio have scripts of their own.
for (const form of document.querySelectorAll("form[data-draft]:not([data-own-draft])")) {
  const draft = storeDraft(form, {
    // Show what the texts hide, and tell a form that saves itself.
    restored: () => {
      for (const field of form.elements) if (field.value && isChanged(field)) openFolds(field);
      form.dispatchEvent(new Event("change", { bubbles: true }));
    },
    never: namesOf(form, "hidden"),
    asks: false,
  });
  form.addEventListener("input", draft.store);
  form.addEventListener("change", draft.store);
  draft.offer();
}
