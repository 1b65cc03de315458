// What the server alone holds: a file that was read, a code that is waited for, a question whether one is sure.
// One that was restarted has none of it, and Streamlit draws the page without it, and without a word.

import { tell } from "./dialog.js";
import { app, isConnected } from "./streamlit.js";
import { isLeaving } from "./walking.js";

const RESTARTED = "Servern har startat om, så knappen gjorde ingenting. Ingenting har ändrats. Gör om det från början.";
let lost = null; // what was there when the connection broke, until the page is drawn again

const held = () => [...document.querySelectorAll("[data-held]")].map(({ dataset }) => dataset.held);
const notices = () => [...document.querySelectorAll(".notice")].map(({ textContent }) => textContent);
/** Whose page this is to the server: another after it has forgotten what it held. */
const half = () => document.querySelector("[data-half]")?.dataset.half;

export const noteHeld = () =>
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

export function tellLost() {
  if (!lost || !isConnected()) return;
  if (isLeaving() || location.pathname !== lost.place) return void (lost = null);
  const isRunning = app().dataset.testScriptState !== "notRunning";
  if (isRunning || !lost.isDrawn) return void (lost.isDrawn ||= isRunning);
  const { half: before, held: had, notices: said, button } = lost;
  lost = null;
  if (half() === before || notices().some((each) => !said.includes(each))) return;
  const gone = had.find((each) => !held().includes(each));
  const isGone = button && !document.querySelector(`.${CSS.escape(button)}`);
  if (gone || isGone) tell(gone ?? RESTARTED);
}
