// For those who listen, and those who walk by keyboard: what is said aloud when a page comes and when a
// text is saved, which field a fault is about, and where the Tab key begins.

const REST = 2000; // ms; longer than the editor writes on without a save

const voice = document.createElement("p");
voice.className = "unseen";
voice.setAttribute("role", "status");
document.body.append(voice);

const AGAIN = 150; // ms
const DRAWN = 300; // ms between two looks whether what was asked for is drawn

/** What stands there already has to go for a moment: no change, no word. */
function say(words) {
  const isSame = voice.textContent === words;
  voice.replaceChildren(isSame ? "" : words);
  if (isSame) setTimeout(() => voice.replaceChildren(words), AGAIN);
}

// Pages

let place = location.pathname;

// The shell moves focus to a new page's heading when the page is drawn.
document.addEventListener("focusin", (event) => {
  if (event.target.id !== "innehall" || location.pathname === place) return;
  place = location.pathname;
  say(document.title);
});

/** Streamlit makes its scrolling <main> the first stop of the Tab key; ours is the link past the path. */
function openWithSkipLink() {
  const main = document.querySelector('main[tabindex="0"]');
  if (main) main.tabIndex = -1;
}

// Saving

const resting = new Map(); // a question -> the timer until its status is said
const told = new WeakMap(); // a question -> what was said of it last
const busy = new WeakSet(); // the questions that something has happened to since that was said
const untold = new WeakSet(); // those that were saved since, in the same minute, while one wrote on
const news = []; // what is said when the person rests, besides

/** Say how saving went when the person rests: said at each save it would talk into their writing. */
function hear(question) {
  clearTimeout(resting.get(question));
  resting.delete(question);
  const status = question.querySelector(".status");
  const { state } = status.dataset;
  if (state === "saving") busy.add(question);
  if (["saving", "empty"].includes(state)) return;
  const isSaved = state === "saved";
  if (isSaved && !busy.has(question)) return; // it is drawn as it was saved another time
  const words = [status, question.querySelector(".left")].map((each) => each.textContent).filter(Boolean).join(". ");
  if (!isSaved && told.get(question) === words) return;
  busy.add(question);
  const speak = () => {
    resting.delete(question);
    const isWriting = question.contains(document.activeElement);
    if (isSaved) busy.delete(question);
    // "Sparat 14:03" several times in a minute is no news, until one leaves the box and wants to be sure.
    const isKnown = isSaved && isWriting && told.get(question) === words;
    if (isKnown) untold.add(question);
    else untold.delete(question);
    told.set(question, words);
    tellNews(question.isConnected && !isKnown ? words : "");
  };
  resting.set(question, setTimeout(speak, isSaved ? REST : 0));
}

document.addEventListener("focusout", ({ target }) => {
  const question = target.closest?.(".question");
  if (question && untold.delete(question) && question.querySelector('.status[data-state="saved"]'))
    say(told.get(question));
});

function tellNews(first) {
  const words = [first, ...news.splice(0)].filter(Boolean).join(". ");
  if (words) say(words);
}

const completion = new Map(); // a theme -> whether it was complete when it was seen last

/** Say that a theme, or the last of them, has become complete. */
function hearCompletion() {
  const done = document.querySelector(".done[data-theme]");
  if (!done || done.closest('[data-stale="true"]')) return;
  const { theme, complete } = done.dataset;
  const isComplete = complete !== undefined;
  if (isComplete && completion.get(theme) === false) {
    news.push(done.querySelector("strong").textContent);
    if (!resting.size && !document.querySelector('.status[data-state="saving"]')) tellNews("");
  }
  completion.set(theme, isComplete);
}

// What comes on the page that is open

const said = new WeakSet(); // the elements whose words were said

function hearWhatHasCome() {
  for (const each of document.querySelectorAll("[data-say]")) {
    if (said.has(each) || each.closest('[data-stale="true"]')) continue;
    said.add(each);
    say(each.dataset.say);
  }
}

let part = {}; // which part of which page

/** Another part of the same page has been asked for: say so when it is drawn. */
function hearPart() {
  const link = document.querySelector("nav.parts a[aria-current]");
  const now = { page: location.pathname, name: link?.textContent };
  if (!link || (part.page === now.page && part.name === now.name)) return;
  const isOther = part.page === now.page;
  part = now;
  if (isOther) setTimeout(() => sayPart(now), DRAWN);
}

function sayPart(asked) {
  if (asked !== part || asked.page !== location.pathname) return;
  const isDrawn = document.querySelector('[data-test-script-state="notRunning"]') && !document.querySelector('[data-stale="true"]');
  if (!isDrawn) setTimeout(() => sayPart(asked), DRAWN);
  else say(`${asked.name} – ${document.title}`);
}

// Fields

const tied = new Set(); // the fields that something is said about
const met = new WeakSet(); // the faults that have been gone to

const fieldsOf = (note) =>
  note.dataset.fields
    .split(" ")
    .map((key) => document.querySelector(`.st-key-${CSS.escape(key)} input`))
    .filter(Boolean);

function set(field, name, value) {
  if ((field.getAttribute(name) ?? "") === value) return;
  if (value) field.setAttribute(name, value);
  else field.removeAttribute(name);
}

/** Tie what is said about fields, advice and faults, to them; go to the first one that a new fault is about,
 * or whose form has taken the place of what had focus. */
function tieFields() {
  const notes = [...document.querySelectorAll("[data-fields]")];
  const about = new Map([...tied].map((field) => [field, []]));
  for (const note of notes)
    for (const field of fieldsOf(note)) about.set(field, [...(about.get(field) ?? []), note]);
  tied.clear();
  for (const [field, said] of about) {
    set(field, "aria-describedby", said.map((note) => note.id).join(" "));
    set(field, "aria-invalid", said.some((note) => note.role === "alert") ? "true" : "");
    if (said.length) tied.add(field);
  }
  const leads = (note) => note.role === "alert" || "go" in note.dataset;
  const fault = notes.find((note) => leads(note) && !met.has(note) && !note.closest('[data-stale="true"]'));
  if (!fault) return;
  met.add(fault);
  fieldsOf(fault)[0]?.focus();
}

new MutationObserver((changes) => {
  changes
    .filter(({ target }) => target.matches(".question .status"))
    .forEach(({ target }) => hear(target.closest(".question")));
  openWithSkipLink();
  tieFields();
  hearCompletion();
  hearWhatHasCome();
  hearPart();
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-stale"] });
