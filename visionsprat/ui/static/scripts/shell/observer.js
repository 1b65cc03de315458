// Looks at every change of the page, and has done what follows from it.

import { resume } from "../saving/account_texts.js";
import { look } from "../session/session.js";
import { markScheme } from "./actions.js";
import { markPart, markPlace } from "./current_place.js";
import { giveWay } from "./first_words.js";
import { redraw } from "./redraw.js";
import { noteHeld, tellLost } from "./restarted.js";
import { CONNECTION, isConnected } from "./streamlit.js";
import { ATTRIBUTES, replaceDialog, translate, translateTexts } from "./translations.js";
import { arrive, keepFocus, reconnected } from "./walking.js";

let resumed = null;

/** Send what this browser kept for somebody when they are back, once a load, and draw the page as it then is. */
async function resumeDrafts() {
  const account = document.querySelector("nav.side")?.dataset.account;
  if (!account || account === resumed) return;
  resumed = account;
  if (await resume(account)) redraw();
}

new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === "attributes") translate(change.target);
    if (change.attributeName === CONNECTION) (isConnected() ? reconnected : noteHeld)();
    if (change.type === "characterData") translateTexts(change.target.parentElement);
    for (const node of change.addedNodes) {
      if (node.nodeType === Node.TEXT_NODE) translateTexts(node.parentElement);
      if (node.nodeType !== Node.ELEMENT_NODE) continue;
      translate(node);
      node.querySelectorAll(ATTRIBUTES.map((name) => `[${name}]`).join()).forEach(translate);
      translateTexts(node);
      replaceDialog(node);
    }
  }
  giveWay();
  tellLost();
  keepFocus();
  markPlace();
  markPart();
  markScheme();
  arrive();
  resumeDrafts();
  look();
}).observe(document.documentElement, {
  subtree: true,
  childList: true,
  characterData: true,
  attributes: true,
  attributeFilter: [...ATTRIBUTES, "data-stale", "data-test-script-state", CONNECTION],
});
