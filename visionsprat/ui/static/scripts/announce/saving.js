// Said aloud: how saving went, and what has become complete.

import { say } from "./live_region.js";

const REST = 2000; // ms; longer than the editor writes on without a save

const resting = new Map(); // a question -> the timer until its status is said
const told = new WeakMap(); // a question -> what was said of it last
const busy = new WeakSet(); // the questions that something has happened to since that was said
const untold = new WeakSet(); // those that were saved since, in the same minute, while one wrote on
const news = []; // what is said when the person rests, besides

/** Say how saving went when the person rests: said at each save it would talk into their writing. */
export function hear(question) {
  clearTimeout(resting.get(question));
  resting.delete(question);
  const status = question.querySelector(".status");
  const { state } = status.dataset;
  if (state === "saving") busy.add(question);
  if (["saving", "empty"].includes(state)) return;
  const isSaved = state === "saved";
  if (isSaved && !busy.has(question)) return; // it is drawn as it was saved another time
  const words = [status, question.querySelector(".left")]
    .map((each) => each.textContent)
    .filter(Boolean)
    .join(". ");
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
export function hearCompletion() {
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
