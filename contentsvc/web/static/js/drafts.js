// What is typed into a form survives a closed page: kept in this browser until the server has it.

import { fill, words } from "./app.js";

const USUAL = ["csrf_token", "rev", "key", "code", "notices.usual", "upload", "action"];

// Watches `form`, which names its draft in data-draft. `restored` is told what was brought back;
// `skips` says which fields cannot be brought back by their name alone, and `never` names those
// that are no part of the text.
export function keepDraft(form, { restored, skips = () => false, never = [] }) {
  const left = [...USUAL, ...never];
  const key = `draft:${form.dataset.draft}`;
  const isKept = ([name, value]) => !left.includes(name) && typeof value === "string";
  const values = () => [...new FormData(form)].filter(isKept);
  const asText = (list) => JSON.stringify(list);
  const isRejected = "rejected" in form.dataset;

  // What a rejected form holds is saved nowhere yet; what was typed before this program had come is
  // no part of what the server sent.
  const clean = isRejected ? "" : asText(sent(form).filter(isKept));
  let leaving = false;

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
    if (kept && asText(kept.values) !== clean && !isRejected) propose(kept);
    if (asText(values()) !== clean && !isRejected) keep();
  }

  function propose(kept) {
    const banner = document.createElement("div");
    banner.className = "note";
    const text = document.createElement("span");
    text.textContent = fill(words.draft_found, { when: new Date(kept.at).toLocaleString() });
    const take = button(words.draft_take, () => { restore(kept.values); banner.remove(); });
    const drop = button(words.draft_drop, () => { localStorage.removeItem(key); banner.remove(); });
    banner.append(text, take, drop);
    document.getElementById("draft-banner").append(banner);
  }

  function restore(list) {
    const many = new Map();
    for (const [name, value] of list) many.set(name, [...(many.get(name) ?? []), value]);
    for (const field of form.elements) {
      if (!field.name || left.includes(field.name) || field.type === "file" || skips(field.name)) continue;
      const given = many.get(field.name) ?? [];
      if (field.type === "checkbox" || field.type === "radio") field.checked = given.includes(field.value);
      else if (given.length) {
        if (field.tagName === "SELECT") offerValue(field, given[0]);
        field.value = given[0];
      }
    }
    restored();
  }

  addEventListener("beforeunload", (event) => {
    if (leaving || asText(values()) === clean) return;
    keep();
    event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    keep();
    // A download leaves the page where it is.
    if ("stays" in (event.submitter?.dataset ?? {})) return;
    leaving = true;
    sessionStorage.setItem("pending-draft", key);
  });
  addEventListener("pageshow", () => { leaving = false; });

  return { keep, offer };
}

// What `form` says as the server sent it.
function sent(form) {
  const copy = form.cloneNode(true);
  copy.reset();
  return [...new FormData(copy)];
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-sm btn-outline-secondary";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

// A picture that was uploaded after the page was made is not in its list yet.
export function offerValue(select, value, text = value) {
  if ([...select.options].some((option) => option.value === value)) return;
  select.add(new Option(text, value), 1);
}
