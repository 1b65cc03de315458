// Walking between the pages without a reload, and where the focus goes.

import { leave } from "../editor/editor.js";
import { wake } from "../saving/account_texts.js";
import { settle } from "../saving/savers.js";
import { ask } from "../session/session.js";
import { tell } from "./dialog.js";
import { closeMenu } from "./menu.js";
import { showAddress } from "./redraw.js";
import { heading, isConnected } from "./streamlit.js";

/** Go to a page of ours: as the browser's back button would, which Streamlit understands, else by loading it. */
async function walk(link) {
  if (!(isConnected() && navigator.onLine) && !(await answers(link))) return stay();
  // The server leads to a page from other ways to write its address; see page_addresses.py.
  if (!isConnected() || !/^\/[a-z0-9-]*$/.test(link.pathname)) return location.assign(link.href);
  closeMenu();
  // Clicked again while it is on the way: asked for again.
  const isThis = link.pathname === location.pathname && link.search === location.search;
  if (isThis) return leaving ? showAddress() : focusHeading();
  if (link.pathname === location.pathname) asking = document.querySelector("[data-arrive]")?.dataset.arrive ?? "";
  else leaving = heading();
  leave();
  await settle(300); // so that the next page knows of it
  push({}, "", link.href);
  showAddress();
}

const push = history.pushState.bind(history);

/** Streamlit adds the page of a run to the history also when one has gone on from there meanwhile. */
history.pushState = (state, unused, address) => {
  if (!leaving || new URL(address, location).pathname === location.pathname) push(state, unused, address);
};

/** Whether the server can be reached, by the link's address: the browser's own page about it has no text to keep. */
const answers = (link) =>
  fetch(link.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(5000) }).then(
    (answer) => answer.status < 500,
    () => false,
  );

function stay() {
  if (document.querySelector("dialog.ask")) return; // clicked twice
  const why = navigator.onLine ? "just nu, för servern svarar inte" : "utan nät";
  tell(`Sidan går inte att öppna ${why}. Det du läser och skriver här står kvar.`);
}

let asking = null; // what of this page is being left, when another part of it was asked for
let leaving = null; // the heading of the page that is being left

export const isLeaving = () => leaving !== null;

function focusHeading() {
  const found = heading();
  if (!found) return;
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
  found.focus({ preventScroll: true });
}

export function arrive() {
  const part = document.querySelector("[data-arrive]");
  if (asking !== null && part && part.dataset.arrive !== asking && !part.closest('[data-stale="true"]')) {
    asking = null;
    part.focus();
  }
  const found = heading();
  if (!leaving || !found || found === leaving || found.closest('[data-stale="true"]')) return;
  leaving = null;
  focusHeading();
}

let focused = null; // what had focus last
addEventListener("focusin", (event) => (focused = event.target));

/** A link that is drawn anew with the progress keeps the focus: whoever presses Enter on it means it. */
export function keepFocus() {
  if (leaving || focused?.isConnected !== false || document.activeElement !== document.body) return;
  const { className } = focused.closest("nav") ?? {};
  const href = focused.getAttribute("href");
  focused = null;
  if (!href || className === undefined) return;
  const links = [...document.querySelectorAll(`nav a[href="${CSS.escape(href)}"]`)];
  links.find((link) => link.closest("nav").className === className)?.focus({ preventScroll: true });
}

let missed = false; // whether the browser's back button was used when Streamlit could not follow

export function reconnected() {
  wake();
  if (document.querySelector("nav.side")) ask(); // a restored server has signed everybody out
  if (missed) showAddress();
  missed = false;
}

addEventListener("popstate", (event) => {
  if (!event.isTrusted) return;
  missed = !isConnected();
  leaving = heading();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (
    !link ||
    event.defaultPrevented ||
    event.button ||
    event.metaKey ||
    event.ctrlKey ||
    event.shiftKey ||
    event.altKey
  )
    return;
  if (link.getAttribute("href") === "#innehall") {
    event.preventDefault();
    focusHeading();
  } else if (link.origin === location.origin && !link.target && !link.hasAttribute("download")) {
    event.preventDefault();
    walk(link);
  }
});
