// All of an account's texts: sent, left to their drafts, or taken away.

import { tell } from "../session/tabs.js";
import { isBlank } from "../text/rules.js";
import * as drafts from "./drafts.js";
import { Saver } from "./saver.js";
import { savers, saversOf, unsaved } from "./savers.js";

export function saverFor(account, question) {
  const key = `${account} ${question}`;
  if (!savers.has(key)) savers.set(key, new Saver(String(account), question));
  return savers.get(key);
}

/** Which life of the database answers for an account: where it is a new one, all that the last has said is asked about. */
export function inEpoch(account, epoch) {
  if (!drafts.inEpoch(String(account), epoch)) return;
  for (const [, saver] of saversOf(account))
    if (saver.known && saver.base.epoch !== epoch && !saver.isBusy && !isBlank(saver.text)) saver.sendAgain();
  if (present) resume(present);
}

let present = null; // the account of the page

let resuming = Promise.resolve(); // one round after the other: two at once would share the drafts, and mix their order

/** Send the drafts that closed tabs have left for an account, whatever page is open. Whether there were any. */
export function resume(account) {
  present = String(account);
  return (resuming = resuming.then(() => sendLeftBehind(present)));
}

async function sendLeftBehind(account) {
  const found = await drafts.leftBehind(account);
  const theirs = found.map(({ content }) => saverFor(account, content.question));
  found.forEach((each, place) => theirs[place].left.push(each));
  for (const saver of theirs) await saver.pickUp(); // one at a time: in the order they were written
  if (found.length) tell("sent", { account });
  return found.length > 0;
}

/** Somebody has erased what they have written: take away what this browser keeps of it. */
export async function forget(account) {
  drop(account);
  tell("erased", { account: String(account) });
  await drafts.forgetAll(String(account));
}

/** Keep nothing of an account's texts. */
export function drop(account) {
  for (const [key, saver] of saversOf(account)) {
    savers.delete(key);
    saver.drop();
  }
  drafts.forgetKnown();
}

/** Leave an account's texts to their drafts, and keep no text or key in memory. How many were unsaved.
 *
 * All of them or none: a page that comes back must have no box that nobody looks after. */
export async function putAway(account) {
  present = null;
  const theirs = saversOf(account);
  const kept = await Promise.all(theirs.map(([, saver]) => saver.isDrafted()));
  if (!kept.every(Boolean)) return 0;
  const { length } = theirs.filter(([, { dirty }]) => dirty);
  for (const [key, saver] of theirs) {
    savers.delete(key);
    saver.putAway();
  }
  drafts.loseKey(account);
  return length;
}

/** The net may be back: don't wait for the next attempt. */
export function wake() {
  unsaved().forEach((saver) => saver.flush());
  savers.forEach((saver) => saver.pickUp());
  if (present && navigator.locks) resume(present); // without locks, an open tab's draft is not told from a closed one's
}
