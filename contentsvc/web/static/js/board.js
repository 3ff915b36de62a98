// Move cards on the week board, with a pointer or the keyboard.

import { announce, fill, focusCard, isTyping, texts } from "./app.js";

const HOLD = 300; // milliseconds that a finger rests on a card before it is picked up
const SLACK = 6; // pixels that a mouse moves before a click becomes a drag

const board = () => document.getElementById("board");
const cells = () => [...board().querySelectorAll("[data-cell]")];
const cards = () => [...board().querySelectorAll(".card-entry")];

function send(card, cell) {
  const { week } = board().dataset;
  return htmx.ajax("POST", `/entries/${card.dataset.entry}/move`, {
    target: "#board",
    swap: "outerHTML",
    values: {
      rev: card.dataset.rev,
      week,
      board_week: week,
      day: cell.dataset.day,
      slot: cell.dataset.slot,
      time: cell.dataset.time,
      ...filter(),
    },
  }).then(() => focusCard(card.id), () => focusCard(card.id)); // app.js tells what went wrong
}

function filter() {
  const channels = new URLSearchParams(location.search).getAll("channel");
  return channels.length ? { channel: channels } : {};
}

function markTarget(cell) {
  for (const other of cells()) other.classList.remove("is-target", "is-refused");
  for (const head of board().querySelectorAll("[data-day-head]")) {
    head.classList.toggle("is-target", head.dataset.dayHead === cell?.dataset.day && !("past" in cell.dataset));
  }
  if (cell) cell.classList.add("past" in cell.dataset ? "is-refused" : "is-target");
}

// By pointer.
let drag = null;

function begin(event) {
  const { card } = drag;
  const box = card.getBoundingClientRect();
  const ghost = card.cloneNode(true);
  ghost.removeAttribute("id");
  ghost.classList.add("drag-ghost");
  ghost.style.width = `${box.width}px`;
  document.body.append(ghost);
  Object.assign(drag, { ghost, dx: drag.x - box.left, dy: drag.y - box.top, active: true });
  card.classList.add("is-dragged");
  document.body.classList.add("is-dragging");
  moveGhost(event);
}

// Return the cell under the pointer. Over the heading of a day it is that day's cell of the card's
// own slot, because a phone does not show empty cells.
function cellUnder(element) {
  const head = element?.closest("[data-day-head]");
  if (!head) return element?.closest("[data-cell]");
  const { slot, time } = drag.card.closest("[data-cell]").dataset;
  const day = head.dataset.dayHead;
  return cells().find(({ dataset: cell }) => cell.day === day && cell.slot === slot && cell.time === time);
}

function moveGhost(event) {
  drag.ghost.style.left = `${event.clientX - drag.dx}px`;
  drag.ghost.style.top = `${event.clientY - drag.dy}px`;
  drag.cell = cellUnder(document.elementFromPoint(event.clientX, event.clientY));
  markTarget(drag.cell);
  const edge = 60;
  if (event.clientY < edge) scrollBy(0, -12);
  if (event.clientY > innerHeight - edge) scrollBy(0, 12);
}

function end(drop) {
  if (!drag) return;
  clearTimeout(drag.timer);
  const { active, card, cell, ghost } = drag;
  drag = null;
  markTarget(null);
  if (!active) return;
  ghost.remove();
  card.classList.remove("is-dragged");
  document.body.classList.remove("is-dragging");
  // Suppress the click that follows a drop, which would open the card.
  const swallow = (event) => { event.preventDefault(); event.stopPropagation(); };
  addEventListener("click", swallow, { capture: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }), 0);
  if (!drop || !cell || cell.contains(card)) return;
  if ("past" in cell.dataset) announce(fill(texts.past, { place: cell.dataset.text }));
  else send(card, cell);
}

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest?.(".card-entry");
  if (!card || event.button !== 0 || "locked" in card.dataset) return;
  if (event.target.closest("details, button, form")) return;
  drag = { card, x: event.clientX, y: event.clientY, pointer: event.pointerId, touch: event.pointerType === "touch" };
  if (drag.touch) drag.timer = setTimeout(() => drag && begin(event), HOLD);
});

document.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  if (drag.active) {
    event.preventDefault();
    moveGhost(event);
    return;
  }
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > SLACK;
  if (!far) return;
  if (drag.touch) end(false);
  else begin(event);
});
document.addEventListener("pointerup", () => end(true));
document.addEventListener("pointercancel", () => end(false));
// The page does not scroll while a finger drags a card.
document.addEventListener("touchmove", (event) => { if (drag?.active) event.preventDefault(); }, { passive: false });
document.addEventListener("contextmenu", (event) => { if (drag?.touch) event.preventDefault(); });
document.addEventListener("dragstart", (event) => { if (event.target.closest?.(".card-entry")) event.preventDefault(); });

// On the keyboard.
let picked = null;

function pick(card) {
  if ("locked" in card.dataset) return;
  picked = { card, cell: card.closest("[data-cell]") };
  card.classList.add("is-picked");
  markTarget(picked.cell);
  announce(fill(texts.picked, { title: card.dataset.title }));
}

function step(key) {
  const all = cells();
  const index = all.indexOf(picked.cell);
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  const next = index + moves[key];
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  if (!all[next] || (sideways && Math.floor(next / 7) !== Math.floor(index / 7))) return;
  picked.cell = all[next];
  markTarget(picked.cell);
  picked.cell.scrollIntoView({ block: "nearest" });
  announce("past" in picked.cell.dataset ? fill(texts.past, { place: picked.cell.dataset.text }) : picked.cell.dataset.text);
}

function release(drop) {
  const { card, cell } = picked;
  if (drop && "past" in cell.dataset) {
    announce(fill(texts.past, { place: cell.dataset.text }));
    return;
  }
  picked = null;
  card.classList.remove("is-picked");
  markTarget(null);
  if (drop && !cell.contains(card)) send(card, cell);
  else announce(texts.cancelled);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (picked) {
    if (event.key.startsWith("Arrow")) step(event.key);
    else if (event.key === "Enter" || event.key === " ") release(true);
    else if (event.key === "Escape" || event.key === "Tab") release(false);
    else return;
    event.preventDefault();
    return;
  }
  const card = event.target.closest(".card-entry");
  if ((event.key === "m" || event.key === "M") && card) {
    event.preventDefault();
    pick(card);
  } else if (event.key === "j" || event.key === "k") {
    const all = cards();
    const index = card ? all.indexOf(card) + (event.key === "j" ? 1 : -1) : 0;
    all[index]?.querySelector(".card-title").focus();
  } else {
    const keys = { n: "new", t: "today", ArrowLeft: "prev", ArrowRight: "next" };
    const name = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (name && (!card || name === "new")) board().querySelector(`[data-key="${name}"]`)?.click();
  }
});

// Undo a move without leaving the board.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const inPlace = form.matches("[data-undo]") && form.action.endsWith("/move");
  if (!inPlace && !form.matches("dialog .move-form")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { week } = board().dataset;
  const values = Object.fromEntries(new FormData(form));
  const boardWeek = form.matches("[data-undo]") ? week : values.week;
  const id = `entry-${new URL(form.action).pathname.split("/")[2]}`;
  const dialog = document.getElementById("dialog");
  // Whether the form comes back is told by its new errors.
  for (const old of dialog.querySelectorAll('[role="alert"]')) old.remove();
  htmx.ajax("POST", form.action, { target: "#board", swap: "outerHTML", event, values: { ...values, board_week: boardWeek, ...filter() } })
    .then(() => {
      // The form is back, with its errors.
      if (dialog.open && dialog.querySelector('[role="alert"]')) return;
      dialog.close();
      const url = new URL(location.href);
      url.searchParams.set("week", boardWeek);
      history.replaceState(null, "", url);
      focusCard(id);
    }, () => {
      dialog.close();
      focusCard(id);
    });
}, { capture: true });

// A phone lists the days below each other: scroll to today.
if (innerWidth <= 700 && !location.hash) {
  board().querySelector(".day-head.is-today")?.scrollIntoView({ block: "start" });
}
