// Swedish where Streamlit's front end speaks English.

import { tell } from "./dialog.js";

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
export const ATTRIBUTES = ["aria-label", "title", "placeholder"];

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

export function translate(node) {
  for (const name of ATTRIBUTES) {
    const english = node.getAttribute?.(name);
    const swedish = english && (SWEDISH[english] ?? rewritten(english, PATTERNS));
    if (swedish && swedish !== english) node.setAttribute(name, swedish);
  }
  if (node.matches?.('section[role="presentation"][aria-label]')) node.setAttribute("role", "group");
  if (node.matches?.('[role="listbox"][aria-label]')) makeRegion(node.parentElement, node.getAttribute("aria-label"));
}

/** React keeps a text node whose words are changed, and sees no difference. */
export function translateTexts(node) {
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
export function replaceDialog(node) {
  const found = node.closest?.('[data-testid="stDialog"]') ?? node.querySelector?.('[data-testid="stDialog"]');
  if (!found) return;
  found.querySelector("button")?.click();
  if (!document.querySelector("dialog.ask")) tell("Servern svarar inte. Sidan visas så snart det går.");
}
