// The gallery: show another brand as soon as it is chosen.

import { isChanged } from "./app.js";

// Back and reload restore a choice that was submitted before; do not submit it again.
const isFresh = performance.getEntriesByType("navigation")[0]?.type === "navigate";

for (const select of document.querySelectorAll("select[data-submits]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
  // It may have been chosen before this script was loaded.
  if (isFresh && isChanged(select)) select.form.requestSubmit();
}
