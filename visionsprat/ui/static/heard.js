// For those who listen, and those who walk by keyboard: what is said aloud when a page comes and when a
// text is saved, which field a fault is about, and where the Tab key begins.

const REST = 2000; // ms; longer than the editor writes on without a save

const voice = document.createElement("p");
voice.className = "unseen";
voice.setAttribute("role", "status");
document.body.append(voice);

const say = (words) => voice.replaceChildren(words);

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

const resting = new WeakMap(); // a question -> the timer until its status is said
const told = new WeakMap(); // a question -> the problem that was said

/** Say how saving went when the person rests: said at each save it would talk into their writing. */
function hear(question) {
  clearTimeout(resting.get(question));
  const status = question.querySelector(".status");
  if (["saving", "empty"].includes(status.dataset.state)) return;
  const isSaved = status.dataset.state === "saved";
  const words = [status, question.querySelector(".left")].map((each) => each.textContent).filter(Boolean).join(". ");
  if (!isSaved && told.get(question) === words) return;
  const speak = () => {
    told.set(question, words);
    if (question.isConnected) say(words);
  };
  resting.set(question, setTimeout(speak, isSaved ? REST : 0));
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
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-stale"] });
