// Drafts: store the typed text of a form in this browser until the server has saved it.

import { fill, texts } from "./app.js";

const NEVER_STORED = ["csrf_token", "rev", "key", "code", "notices.usual", "upload", "action"];

// Store the values of `form` under the name in its data-draft attribute. `restored` is called after
// a draft was restored; `skips` tells which fields cannot be restored by their name alone, and
// `never` lists fields that are not part of the text.
export function storeDraft(form, { restored, skips = () => false, never = [] }) {
  const excluded = [...NEVER_STORED, ...never];
  const key = `draft:${form.dataset.draft}`;
  const isStored = ([name, value]) => !excluded.includes(name) && typeof value === "string";
  const values = () => [...new FormData(form)].filter(isStored);
  const asText = (list) => JSON.stringify(list);
  const isRejected = "rejected" in form.dataset;

  // A rejected form is not saved on the server, so all its values count as changed. Values that were
  // typed before this script was loaded count as changed too.
  const clean = isRejected ? "" : asText(sentValues(form).filter(isStored));
  let leaving = false;

  function store() {
    const now = values();
    if (asText(now) === clean) {
      localStorage.removeItem(key);
      return;
    }
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), rev: form.dataset.rev, values: now }));
  }

  function offer() {
    let draft = null;
    try {
      draft = JSON.parse(localStorage.getItem(key));
    } catch {
      localStorage.removeItem(key);
    }
    if (draft && asText(draft.values) !== clean && !isRejected) propose(draft);
    if (asText(values()) !== clean && !isRejected) store();
  }

  function propose(draft) {
    const banner = document.createElement("div");
    banner.className = "note";
    const text = document.createElement("span");
    text.textContent = fill(texts.draft_found, { when: new Date(draft.at).toLocaleString() });
    const take = button(texts.draft_take, () => { restore(draft.values); banner.remove(); });
    const drop = button(texts.draft_drop, () => { localStorage.removeItem(key); banner.remove(); });
    banner.append(text, take, drop);
    document.getElementById("draft-banner").append(banner);
  }

  function restore(list) {
    const valuesByName = new Map();
    for (const [name, value] of list) valuesByName.set(name, [...(valuesByName.get(name) ?? []), value]);
    for (const field of form.elements) {
      if (!field.name || excluded.includes(field.name) || field.type === "file" || skips(field.name)) continue;
      const stored = valuesByName.get(field.name) ?? [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = stored.includes(field.value);
      else if (stored.length) {
        if (field.tagName === "SELECT") offerValue(field, stored[0]);
        field.value = stored[0];
      }
    }
    restored();
  }

  addEventListener("beforeunload", (event) => {
    if (leaving || asText(values()) === clean) return;
    store();
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    store();
    // After a download the page stays.
    if ("stays" in (event.submitter?.dataset ?? {})) return;
    leaving = true;
    sessionStorage.setItem("pending-draft", key);
  });
  addEventListener("pageshow", () => { leaving = false; });

  return { store, offer };
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
