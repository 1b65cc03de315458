// Said aloud: a page that comes, and what comes on it.

import { say } from "./live_region.js";

const DRAWN = 300; // ms between two looks whether what was asked for is drawn

let place = location.pathname;

// The shell moves focus to a new page's heading when the page is drawn.
document.addEventListener("focusin", (event) => {
  if (event.target.id !== "innehall" || location.pathname === place) return;
  place = location.pathname;
  say(document.title);
});

// What comes on the page that is open

const said = new WeakSet(); // the elements whose words were said

export function hearWhatHasCome() {
  for (const each of document.querySelectorAll("[data-say]")) {
    if (said.has(each) || each.closest('[data-stale="true"]')) continue;
    said.add(each);
    say(each.dataset.say);
  }
}

let part = {}; // which part of which page

/** Another part of the same page has been asked for: say so when it is drawn. */
export function hearPart() {
  const link = document.querySelector("nav.parts a[aria-current]");
  const now = { page: location.pathname, name: link?.textContent };
  if (!link || (part.page === now.page && part.name === now.name)) return;
  const isOther = part.page === now.page;
  part = now;
  if (isOther) setTimeout(() => sayPart(now), DRAWN);
}

function sayPart(asked) {
  if (asked !== part || asked.page !== location.pathname) return;
  const isDrawn =
    document.querySelector('[data-test-script-state="notRunning"]') && !document.querySelector('[data-stale="true"]');
  if (!isDrawn) setTimeout(() => sayPart(asked), DRAWN);
  else say(`${asked.name} – ${document.title}`);
}
