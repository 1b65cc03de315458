// What surrounds the pages: walking between them without a reload, focus, the menu, print, sign-out,
// and Swedish where Streamlit's front end speaks English.

// Streamlit's own date and number formats follow the browser; ours is a Swedish service.
Object.defineProperty(navigator, "language", { get: () => "sv-SE" });
Object.defineProperty(navigator, "languages", { get: () => ["sv-SE", "sv"] });

window.__streamlit = {
  // Where the server is, so that Streamlit need not look for it under each part of the address.
  BACKEND_BASE_URL: `${location.origin}/`,
  // It would cover the page when its connection breaks: the editors go on, and say it themselves.
  HOST_CONFIG: { blockErrorDialogs: true },
};

const CONNECTION = "data-test-connection-state"; // as Streamlit tells it
const isConnected = () => document.querySelector('[data-testid="stApp"]')?.getAttribute(CONNECTION) === "CONNECTED";
const heading = () => document.getElementById("innehall");

// The first words

const app = () => document.querySelector('[data-testid="stApp"]');

/** They came with the index page, to be read at once; they give way when all of the page stands behind them. */
function giveWay() {
  const words = document.querySelector(".first");
  if (!words || app()?.dataset.testScriptState !== "notRunning") return;
  if (!app().querySelector(".stHtml") || app().querySelector('[data-testid="stSkeleton"]')) return;
  if (words.querySelector(".think") && heading()?.matches(".lock") && !app().querySelector(".think")) return;
  const link = words.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const scrolled = words.scrollTop;
  words.remove();
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, scrolled);
  if (link) app().querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
}

// Walking

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
  window.visionsprat.leave();
  await window.visionsprat.settle(300); // so that the next page knows of it
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

function focusHeading() {
  const found = heading();
  if (!found) return;
  document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
  found.focus({ preventScroll: true });
}

/** Mark the link to this page: the path is the same HTML on every page, which spares drawing it anew. */
function markPlace() {
  for (const link of document.querySelectorAll("nav.side a[href]")) {
    const here = link.pathname === location.pathname && !link.closest(".brand");
    if (here && !link.hasAttribute("aria-current")) link.setAttribute("aria-current", "page");
    if (!here && link.hasAttribute("aria-current")) link.removeAttribute("aria-current");
  }
  const themes = [...document.querySelectorAll("nav.side .path .accent a")];
  const number = themes.findIndex((link) => link.pathname === location.pathname) + 1;
  const bar = document.querySelector("nav.side .bar p");
  const said = bar && (number ? `Tema ${number} av ${themes.length} · ${bar.dataset.complete}` : bar.dataset.all);
  if (bar && bar.textContent !== said) bar.textContent = said;
}

/** Mark the link to this part of a page likewise. */
function markPart() {
  for (const nav of document.querySelectorAll("nav.parts")) {
    const value = (search) => new URLSearchParams(search).get(nav.dataset.param);
    const links = [...nav.querySelectorAll("a")];
    const here = links.find((link) => value(link.search) === value(location.search)) ?? links[0];
    for (const link of links) {
      if (link === here && !link.hasAttribute("aria-current")) link.setAttribute("aria-current", "page");
      if (link !== here && link.hasAttribute("aria-current")) link.removeAttribute("aria-current");
    }
  }
}

function arrive() {
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

/** The server takes no longer messages (web/websocket.py): what is pasted by mistake is cut off where one sees it. */
addEventListener("focusin", ({ target }) => {
  if (target.matches("input") && target.maxLength < 0) target.maxLength = 2000;
});

/** A link that is drawn anew with the progress keeps the focus: whoever presses Enter on it means it. */
function keepFocus() {
  if (leaving || focused?.isConnected !== false || document.activeElement !== document.body) return;
  const { className } = focused.closest("nav") ?? {};
  const href = focused.getAttribute("href");
  focused = null;
  if (!href || className === undefined) return;
  const links = [...document.querySelectorAll(`nav a[href="${CSS.escape(href)}"]`)];
  links.find((link) => link.closest("nav").className === className)?.focus({ preventScroll: true });
}

const showAddress = () => dispatchEvent(new PopStateEvent("popstate"));

let missed = false; // whether the browser's back button was used when Streamlit could not follow

function reconnected() {
  window.visionsprat.wake();
  if (document.querySelector("nav.side")) window.visionsprat.ask(); // a restored server has signed everybody out
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
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.getAttribute("href") === "#innehall") {
    event.preventDefault();
    focusHeading();
  } else if (link.origin === location.origin && !link.target && !link.hasAttribute("download")) {
    event.preventDefault();
    walk(link);
  }
});

// What the server alone holds: a file that was read, a code that is waited for, a question whether one is sure.
// One that was restarted has none of it, and Streamlit draws the page without it, and without a word.

const RESTARTED = "Servern har startat om, så knappen gjorde ingenting. Ingenting har ändrats. Gör om det från början.";
let lost = null; // what was there when the connection broke, until the page is drawn again

const held = () => [...document.querySelectorAll("[data-held]")].map(({ dataset }) => dataset.held);
const notices = () => [...document.querySelectorAll(".notice")].map(({ textContent }) => textContent);
/** Whose page this is to the server: another after it has forgotten what it held. */
const half = () => document.querySelector("[data-half]")?.dataset.half;

const noteHeld = () =>
  (lost ??= { half: half(), place: location.pathname, held: held(), notices: notices(), button: null, isDrawn: false });

document.addEventListener(
  "click",
  ({ target }) => {
    const box = target.closest?.("button") && target.closest('[class*="st-key-"]');
    if (lost && box) lost.button = [...box.classList].find((name) => name.startsWith("st-key-"));
  },
  true,
);

/** While the server is away Streamlit's buttons take no click, and look nearly as ever. */
document.addEventListener("pointerdown", ({ clientX, clientY }) => {
  if (isConnected() || !document.querySelector("[data-half]") || document.querySelector("dialog.ask")) return;
  const box = document.elementsFromPoint(clientX, clientY).find((each) => each.matches("button:disabled"));
  if (box?.closest(".stButton, .stFormSubmitButton"))
    tell("Servern svarar inte just nu, så knappen gör ingenting. Vänta tills den svarar och försök igen.");
});

function tellLost() {
  if (!lost || !isConnected()) return;
  if (leaving || location.pathname !== lost.place) return void (lost = null);
  const isRunning = app().dataset.testScriptState !== "notRunning";
  if (isRunning || !lost.isDrawn) return void (lost.isDrawn ||= isRunning);
  const { half: before, held: had, notices: said, button } = lost;
  lost = null;
  if (half() === before || notices().some((each) => !said.includes(each))) return;
  const gone = had.find((each) => !held().includes(each));
  const isGone = button && !document.querySelector(`.${CSS.escape(button)}`);
  if (gone || isGone) tell(gone ?? RESTARTED);
}

// Actions

const menuButton = () => document.querySelector('[data-action="menu"]');

function closeMenu() {
  menuButton()?.setAttribute("aria-expanded", "false");
}

async function signOut() {
  const { settle, othersSave, unsaved, ended, cover, doubt, drafts } = window.visionsprat;
  const account = document.querySelector("nav.side")?.dataset.account;
  await settle(2000);
  const elsewhere = await othersSave(2000);
  const left = unsaved().length ? { isHere: true, kept: unsaved().every(({ kept }) => kept) } : elsewhere;
  if (left && !(await askToSignOut(left))) return;
  const headers = { "X-Visionsprat-Account": account };
  const answer = await fetch("/api/sign-out", { method: "POST", headers }).catch(() => null);
  if (answer?.status === 409) return doubt(account); // somebody else has signed in since
  const said = answer?.ok ? await answer.json().catch(() => null) : null; // others may answer in the server's place
  if (!said?.signed_out) return tell("Det gick inte att logga ut. Försök igen om en stund.");
  drafts.forgetKnown();
  ended();
  cover("ended"); // what the browser may keep of the page has nothing on it
  location.assign("/");
}

function dialog(sentence, buttons) {
  return new Promise((answer) => {
    const made = document.createElement("dialog");
    made.className = "ask";
    const text = document.createElement("p");
    text.textContent = sentence;
    const row = document.createElement("form");
    row.method = "dialog";
    row.className = "actions";
    for (const [value, name] of buttons) {
      const button = document.createElement("button");
      button.value = value;
      button.className = "button";
      button.textContent = name;
      row.append(button);
    }
    made.append(text, row);
    made.setAttribute("aria-label", sentence);
    made.addEventListener("close", () => {
      made.remove();
      answer(made.returnValue);
    });
    document.body.append(made);
    made.showModal();
  });
}

const tell = (sentence) => dialog(sentence, [["ok", "Stäng"]]);

async function askToSignOut({ isHere, kept }) {
  const where = isHere ? "Du har text som inte är sparad än" : "Du har text i en annan flik som inte är sparad än";
  const fate = kept
    ? ". Om du loggar ut nu finns den kvar i den här webbläsaren och sparas när du loggar in igen."
    : ", och webbläsaren kan inte hålla kvar den. Om du loggar ut nu kan du förlora den.";
  return "leave" === (await dialog(where + fate, [["stay", "Stanna kvar"], ["leave", "Logga ut ändå"]]));
}

/** Copy the text of an element, and say so on the button; it stays there to be marked by hand. */
async function copy(button) {
  const text = document.getElementById(button.dataset.copy)?.textContent ?? "";
  const name = (button.dataset.name ??= button.textContent);
  button.setAttribute("aria-live", "polite");
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Kopierat";
  } catch {
    button.textContent = "Det gick inte. Markera texten i stället.";
  }
  setTimeout(() => (button.textContent = name), 4000);
}

/** Keep a choice of light, dark or as the device is; scheme.js follows it. */
async function chooseScheme(button) {
  localStorage.setItem("visionsprat:scheme", button.value);
  await window.visionsprat.settle(2000); // nothing is to be lost for a colour
  location.reload();
}

function markScheme() {
  for (const button of document.querySelectorAll('button[data-action="scheme"]:not([aria-pressed])'))
    button.setAttribute("aria-pressed", String(button.value === document.documentElement.dataset.scheme));
}

const actions = {
  copy,
  print: () => print(),
  scheme: chooseScheme,
  "sign-out": signOut,
  menu: (button) => button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true")),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-action]");
  if (button) actions[button.dataset.action]?.(button);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || menuButton()?.getAttribute("aria-expanded") !== "true") return;
  closeMenu();
  menuButton().focus();
});

// Drafts

let resumed = null;

/** Send what this browser kept for somebody when they are back, once a load, and draw the page as it then is. */
async function resumeDrafts() {
  const account = document.querySelector("nav.side")?.dataset.account;
  if (!account || account === resumed) return;
  resumed = account;
  if (await window.visionsprat.resume(account)) redraw();
}

function redraw() {
  const isBusy = document.activeElement?.matches("input, textarea, select"); // a new run may take what is half written
  if (!isBusy) showAddress();
}

window.visionsprat = { ...window.visionsprat, redraw };

// Swedish

const SWEDISH = {
  "Show password": "Visa tecknen",
  "Hide password": "Dölj tecknen",
  "Connection error": "Anslutningen bröts",
  Close: "Stäng",
  Connecting: "Ansluter",
  "Running...": "Arbetar",
  Stop: "Avbryt",
  Open: "Visa alla",
  "Clear value": "Rensa",
  Dismiss: "Stäng",
  "file upload": "Välj fil",
  "Add files": "Byt fil",
};
const PATTERNS = [
  [/^Remove (.+)$/s, "Ta bort $1"],
  [/^Cancel upload of (.+)$/s, "Avbryt uppladdningen av $1"],
  [/^(.+), [\d.]+\w?B$/s, "$1"], // a file's size, after its name
];
const ATTRIBUTES = ["aria-label", "title", "placeholder"];

// Whatever else is said of a file comes from a library, a proxy or the net, in words that help nobody.
const NOT_ARRIVED =
  "Filen kom inte fram till servern. Ladda om sidan och välj filen igen. Händer det en gång till: säg till den som sköter servern.";

const REFUSED = [
  [/^(.+) files are not allowed\.$/, "Det går bara att välja filer från Excel eller i CSV-format."],
  [/^File must be (.+) or smaller\.$/, "Filen får vara högst $1."],
];
/** What Streamlit says as text, and where. What people are called may read the same in other places. */
const TEXTS = {
  '[data-testid="stFileUploader"]': [
    [/^Upload$/, "Välj fil"],
    [/^add icon$/, "Byt fil"],
    [/^Error: $/, "Fel: "],
    ...REFUSED,
  ],
  '[role="tooltip"]': REFUSED, // outside of all else on the page, while one points at the file
  '[data-testid="stFileChip"] [role="alert"], [data-testid="stTooltipErrorContent"]': [
    [/^(?!Fel: $|Det går bara att |Filen )(?:Error: |Fel: )?.+$/s, NOT_ARRIVED],
  ],
  '[role="listbox"]': [[/^No results$/, "Inget hittades"]],
  "[data-live-announcer]": [
    [/^(\d+) options? available\.$/, "$1 val."],
    [/^(.+), selected$/s, "$1, vald"],
  ],
};

const rewritten = (english, patterns) => {
  const [pattern, swedish] = patterns.find(([each]) => each.test(english)) ?? [];
  return pattern ? english.replace(pattern, swedish) : english;
};

/** An opened list lies outside everything else on the page. */
function makeRegion(node, label) {
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", label);
}

function translate(node) {
  for (const name of ATTRIBUTES) {
    const english = node.getAttribute?.(name);
    const swedish = english && (SWEDISH[english] ?? rewritten(english, PATTERNS));
    if (swedish && swedish !== english) node.setAttribute(name, swedish);
  }
  if (node.matches?.('section[role="presentation"][aria-label]')) node.setAttribute("role", "group");
  if (node.matches?.('[role="listbox"][aria-label]')) makeRegion(node.parentElement, node.getAttribute("aria-label"));
}

/** React keeps a text node whose words are changed, and sees no difference. */
function translateTexts(node) {
  if (!node) return; // the parent of a text that is gone again
  for (const [selector, patterns] of Object.entries(TEXTS)) {
    const place = node.closest(selector) ?? node.querySelector(selector);
    if (!place) continue;
    const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const swedish = rewritten(texts.currentNode.nodeValue, patterns);
      if (swedish !== texts.currentNode.nodeValue) texts.currentNode.nodeValue = swedish;
    }
  }
}

/** Before its first connection Streamlit doesn't know that its dialogs are blocked. Say it in our words. */
function replaceDialog(node) {
  const found = node.closest?.('[data-testid="stDialog"]') ?? node.querySelector?.('[data-testid="stDialog"]');
  if (!found) return;
  found.querySelector("button")?.click();
  if (!document.querySelector("dialog.ask")) tell("Servern svarar inte. Sidan visas så snart det går.");
}

new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === "attributes") translate(change.target);
    if (change.attributeName === CONNECTION) isConnected() ? reconnected() : noteHeld();
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
  window.visionsprat.look?.();
}).observe(document.documentElement, {
  subtree: true,
  childList: true,
  characterData: true,
  attributes: true,
  attributeFilter: [...ATTRIBUTES, "data-stale", "data-test-script-state", CONNECTION],
});
