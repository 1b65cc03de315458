// What a button with data-action does.

import * as drafts from "../saving/drafts.js";
import { settle, unsaved } from "../saving/savers.js";
import { cover, doubt, ended, othersSave } from "../session/session.js";
import { dialog, tell } from "./dialog.js";

async function signOut() {
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

async function askToSignOut({ isHere, kept }) {
  const where = isHere ? "Du har text som inte är sparad än" : "Du har text i en annan flik som inte är sparad än";
  const fate = kept
    ? ". Om du loggar ut nu finns den kvar i den här webbläsaren och sparas när du loggar in igen."
    : ", och webbläsaren kan inte hålla kvar den. Om du loggar ut nu kan du förlora den.";
  return (
    "leave" ===
    (await dialog(where + fate, [
      ["stay", "Stanna kvar"],
      ["leave", "Logga ut ändå"],
    ]))
  );
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

/** Keep a choice of light, dark or as the device is; inline/scheme.js follows it. */
async function chooseScheme(button) {
  localStorage.setItem("visionsprat:scheme", button.value);
  await settle(2000); // nothing is to be lost for a colour
  location.reload();
}

export function markScheme() {
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
