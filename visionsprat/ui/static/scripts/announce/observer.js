// For those who listen, and those who walk by keyboard: what is said aloud when a page comes and when a
// text is saved, which field a fault is about, and where the Tab key begins.

import { set, tieFields } from "./fields.js";
import { hearPart, hearWhatHasCome } from "./pages.js";
import { hear, hearCompletion } from "./saving.js";

/** Streamlit makes its scrolling <main> the first stop of the Tab key; ours is the link past the path. */
function openWithSkipLink() {
  const main = document.querySelector('main[tabindex="0"]');
  if (main) main.tabIndex = -1;
}

const beside = document.createElement("div");
document.body.prepend(beside);

/** Streamlit draws all of a page into its <main>. To listeners the path stands before it, not within. */
function setPathBeside() {
  set(beside, "aria-owns", document.querySelector("nav.side")?.id ?? "");
}

new MutationObserver((changes) => {
  changes
    .filter(({ target }) => target.matches(".question .status"))
    .forEach(({ target }) => hear(target.closest(".question")));
  openWithSkipLink();
  setPathBeside();
  tieFields();
  hearCompletion();
  hearWhatHasCome();
  hearPart();
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-stale"] });
