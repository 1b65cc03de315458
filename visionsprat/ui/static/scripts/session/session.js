// Whose session the browser has. As soon as it is no longer that of the page's person, the page is covered, in
// every tab: computers are shared. The server is asked when a tab comes forward, and the tabs tell one another.

import * as texts from "../saving/account_texts.js";
import * as drafts from "../saving/drafts.js";
import { settle, unsaved } from "../saving/savers.js";
import { redraw } from "../shell/redraw.js";
import { heedStatuses } from "./refusals.js";
import * as others from "./tabs.js";

const PAUSE = 5000; // ms between two questions of a tab that comes forward ...
const NOW_AND_THEN = 180000; // ... and of one that stays there
const HEARD = 150; // ms within which another tab says that it has something to save
const ENDED = "visionsprat:session"; // changes when a session has ended, for browsers without channels

const WORDS = {
  ended: { title: "Du är utloggad", lead: "Logga in igen för att fortsätta.", button: "Logga in" },
  another: {
    title: "Någon annan är inloggad här nu",
    lead: "Det som stod på den här sidan hör till den som var inloggad förut.",
    button: "Till startsidan",
  },
};
const KEPT = {
  ended:
    "Det du inte hann spara finns kvar i den här webbläsaren. Bara du kan läsa det, och det sparas när du loggar in igen.",
  another: "Det som inte hann sparas finns kvar i den här webbläsaren. Bara den som skrev det kan läsa det.",
};
const NOT_KEPT = {
  ended:
    "Du har text här som inte är sparad, och webbläsaren kan inte hålla kvar den. Stäng inte fliken. Logga in i en ny flik, så sparas texten.",
  another:
    "Här finns text som inte är sparad, och webbläsaren kan inte hålla kvar den. Stäng inte fliken förrän den som skrev har loggat in i en ny flik.",
};

let person = null; // the account whose page this is
let covered = null; // why: "ended" or "another"
let askedAt = Date.now();
let sentMeanwhile = null; // whose draft arrived while the page was being drawn

// Between the tabs

const { tabs } = others;
const tell = (kind, more = {}) => others.tell(kind, { account: person, ...more });

const heard = {
  ended: ({ account }) => {
    if (account !== person) return;
    cover("ended");
    ask(); // somebody else may be signed in already
  },
  here: ({ account }) => (covered || account !== person) && ask(),
  erased: ({ account }) => {
    if (account !== person) return;
    texts.drop(account);
    location.reload();
  },
  // A draft of the person's has arrived, which this page was drawn without.
  sent: ({ account }) => {
    if (!person) sentMeanwhile = account;
    else if (account === person && !covered) redraw();
  },
  save: async ({ account }) => {
    if (account !== person || !unsaved().length) return;
    tell("saving", { kept: unsaved().every((saver) => saver.kept) });
    await settle(10000);
    if (!unsaved().length) tell("saved");
  },
};

tabs?.addEventListener("message", ({ data }) => heard[data.kind]?.(data));

/** Let the other tabs save. What stays unsaved: null, or whether the browser keeps it. */
export async function othersSave(patience) {
  const busy = new Map();
  const listen = ({ data: { kind, account, tab, kept } }) => {
    if (account === person && kind === "saving") busy.set(tab, kept);
    if (account === person && kind === "saved") busy.delete(tab);
  };
  tabs?.addEventListener("message", listen);
  tell("save");
  const end = Date.now() + patience;
  if (tabs) await pause(HEARD);
  while (busy.size && Date.now() < end) await pause(20);
  tabs?.removeEventListener("message", listen);
  if (busy.size) return { kept: [...busy.values()].every(Boolean) };
  return (await drafts.count(person)) ? { kept: true } : null; // of tabs that the browser has put to sleep
}

const pause = (time) => new Promise((done) => setTimeout(done, time));

/** The session of the page's person has ended, as this tab knows. */
export function ended() {
  isOver = true;
  tell("ended");
  seen = Math.random().toString(36).slice(2);
  try {
    localStorage.setItem(ENDED, seen);
  } catch {
    // Then the others ask when they come forward.
  }
}

function read() {
  try {
    return localStorage.getItem(ENDED);
  } catch {
    return null;
  }
}

let seen = read();
let isOver = false;

// Asking

let asking = null;

/** Ask the server whose session this is, and cover the page when it is not its person's. Whether it is; undefined
 * when the server can't be reached, which is no reason for anything. */
export function ask() {
  return (asking ??= askServer().finally(() => (asking = null)));
}

async function askServer() {
  askedAt = Date.now();
  const headers = person ? { "X-Visionsprat-Account": person } : {};
  const options = { headers, cache: "no-store", signal: AbortSignal.timeout(10000) };
  const answer = await fetch("/api/session", options).catch(() => null);
  if (answer?.status === 204) {
    const epoch = answer.headers.get("X-Visionsprat-Epoch");
    if (person && epoch) texts.inEpoch(person, epoch);
    return comeBack();
  }
  // Others may answer in its place: a network that wants to be signed in to first. Ours says whose page it is.
  const said = [401, 409].includes(answer?.status) ? await answer.json().catch(() => null) : null;
  if (!said?.message || (person && said.account !== Number(person))) return undefined;
  if (!person) return false;
  if (!covered) ended();
  if (answer.status === 409) cover("another");
  else if (hasEnded()) texts.putAway(person);
  else cover("ended");
  return false;
}

/** The server has refused something, as if the account had no session. */
export async function doubt(account) {
  if (account === person && (await ask()) === undefined && !covered) cover("ended");
}

heedStatuses((account, status) => {
  if (status === 401) doubt(account);
  else if (status && covered) ask(); // the person is back
});

/** The sign-in form, in a tab where somebody was signed in. */
const hasEnded = () => document.querySelector(".banner[data-ended]");

/** The session is alive. A tab that is covered, or shows the sign-in form, draws its page anew. */
async function comeBack() {
  isOver = false;
  if (!covered && !hasEnded()) return true;
  await settle(2000); // what is in this tab alone
  const isUnsaved = unsaved().length > 0;
  if (isUnsaved && covered) uncover();
  else if (!isUnsaved && document.visibilityState !== "hidden") location.reload();
  return true;
}

function comeForward() {
  if (document.visibilityState === "hidden") return;
  if ("left" in page.dataset) comeBackFromMemory();
  if (!(person || hasEnded())) return;
  if (covered || Date.now() - askedAt > PAUSE) ask();
}

document.addEventListener("visibilitychange", comeForward);
addEventListener("focus", comeForward);
addEventListener("online", comeForward);
setInterval(comeForward, NOW_AND_THEN);
addEventListener("storage", ({ key }) => key === ENDED && person && ask());

// The browser's memory of pages that were left brings them back as they were: with nothing of them to be seen
// until the session has been asked, and with nothing in them when it had ended already.
addEventListener("pagehide", ({ persisted }) => {
  if (!persisted || !person) return;
  if (isOver) cover("ended");
  else page.dataset.left = "";
});
addEventListener("pageshow", ({ persisted }) => persisted && person && comeBackFromMemory());

async function comeBackFromMemory() {
  if (isOver || read() !== seen) cover("ended");
  await ask();
  delete page.dataset.left;
}

/** The page has been drawn, or something on it. */
let followed = false;
export function look() {
  const account = document.querySelector("nav.side")?.dataset.account;
  if (account && account !== person) {
    person = account;
    tell("here");
    if (sentMeanwhile === person) redraw();
    sentMeanwhile = null;
  }
  if (followed || covered || !hasEnded()) return;
  followed = true;
  ask();
}

// The cover

const page = document.documentElement;
let content = null; // what is covered, out of the page: not to be printed, found, or looked up

export function cover(why) {
  if (covered === why) return;
  const isNew = !covered;
  covered = why;
  if (isNew) {
    document.querySelectorAll("dialog[open]").forEach((each) => each.close());
    content = document.getElementById("root");
    page.dataset.covered = "";
  }
  const panel = drawCover(why);
  (document.querySelector("main.cover") ?? content).replaceWith(panel);
  panel.querySelector("h1").focus();
  document.title = `${WORDS[why].title} – Visionsprat`;
  if (isNew) putAway();
  else tellWhatIsLeft();
}

function drawCover(why) {
  const { title, lead, button } = WORDS[why];
  const made = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text });
  const panel = made("main", "cover plain", "");
  const heading = made("h1", "hero", title);
  heading.tabIndex = -1;
  const way = made("button", "button primary", button);
  way.type = "button";
  way.addEventListener("click", goOn);
  const left = made("p", "left-here", "");
  left.setAttribute("role", "status");
  panel.append(heading, made("p", "lead", lead), left, way);
  return panel;
}

function goOn() {
  if (unsaved().length) open("/"); // the text is in this tab alone
  else if (covered === "another") location.assign("/");
  else location.reload();
}

let kept = 0; // drafts that were put away

async function putAway() {
  kept = await texts.putAway(person);
  tellWhatIsLeft();
}

function tellWhatIsLeft() {
  const left = unsaved().length ? NOT_KEPT : kept ? KEPT : {};
  const said = document.querySelector("main.cover .left-here");
  if (said) said.textContent = left[covered] ?? "";
}

function uncover() {
  covered = null;
  delete page.dataset.covered;
  document.querySelector("main.cover").replaceWith(content);
}
