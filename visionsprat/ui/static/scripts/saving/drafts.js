// Drafts: what the server may not have yet, kept in localStorage and encrypted with a key that the server gives
// to a live session of the same person alone. Nobody else who uses the browser can read them, or see whose
// they are and about what: their names are random. What stays there for more than a moment is on the disk, too.
//
// What the server has said that it has, of a tab's texts, is kept in the same way, in the tab's sessionStorage: a
// server that is restored from a backup may have lost it.
//
// localStorage may be blocked, missing or full, and browsers encrypt over TLS and on localhost only.

import * as disk from "./disk.js";
import { Draft, removeDraft } from "./draft.js";
import { keyOf, keys, loseKey, unseal } from "./keys.js";
import { lost } from "./known.js";
import { claim, held, letGo } from "./locks.js";
import { ofTab, storage } from "./storage.js";

export { Draft } from "./draft.js";
export { inEpoch, keyOf, loseKey } from "./keys.js";
export { forgetKnown, noteKnown } from "./known.js";
export { claim, letGo } from "./locks.js";
export { possible } from "./storage.js";

/** As earlier versions kept them, in plain text: account, question and, mostly, tab. */
const PLAIN = /^visionsprat:draft:(\d+):([^:]+)/;
const STAY = 30 * 86400000; // ms that a draft waits for its person while others use the browser

/** The drafts of an account that closed tabs have left, as { draft, content }, the oldest first. */
export async function leftBehind(account) {
  const found = [];
  const onDisk = await disk.names();
  const names = [...new Set([...storage.names(), ...onDisk])].filter((name) => !held.has(name));
  const isAny = names.length || ofTab.names().length;
  if (isAny && !(await keyOf(account)) && crypto.subtle) return found; // asked again another time
  for (const name of names) {
    const kept = await disk.read(name);
    if (!(await open(account, name, kept))) clearAway(name, kept);
    else if (await claim(name)) {
      const content = await open(account, name, await disk.read(name)); // its tab may just have saved it
      if (content) found.push({ draft: await hidden(account, name, content), content });
      else letGo(name); // its tab has closed, with the text saved
    }
  }
  found.push(...(await lost(account, found)));
  return oldestFirst(found);
}

/** In the order they were written. A draft of an earlier version does not say when: it is older. */
export function oldestFirst(found) {
  const moment = ({ content }) => content.written_at ?? "";
  return found.sort((one, other) => (moment(one) < moment(other) ? -1 : 1));
}

/** A draft that is the account's, else null: the newer of what localStorage has and the disk. */
async function open(account, name, onDisk = null) {
  const kept = storage.read(name);
  const [, owner, question] = name.match(PLAIN) ?? [];
  if (owner) return owner === account && kept ? { ...kept, question } : null;
  const [one, other] = [await unseal(account, kept), await unseal(account, onDisk)];
  return one && other ? ((other.count ?? 0) > (one.count ?? 0) ? other : one) : (one ?? other);
}

/** The place of a draft, of one in plain text a new one, where it is encrypted. */
async function hidden(account, name, content) {
  if (!PLAIN.test(name)) return Object.assign(new Draft(account, name), { count: content.count ?? 0 });
  const draft = new Draft(account);
  claim(draft.name);
  if (!(await draft.write(content))) return new Draft(account, name);
  storage.remove(name);
  letGo(name);
  return draft;
}

/** Take away somebody else's draft that has waited for too long. */
function clearAway(name, onDisk) {
  const kept = storage.read(name) ?? onDisk;
  if (!kept) return; // gone meanwhile
  const since = Date.parse(kept?.day ?? kept?.written_at);
  if (Number.isNaN(since)) storage.write(name, { ...kept, day: new Date().toISOString() }); // counted from now on
  else if (Date.now() - since > STAY) removeDraft(name);
}

/** How many drafts the account has in this browser, in open tabs and closed ones. */
export async function count(account) {
  const opened = await Promise.all(storage.names().map((name) => open(account, name)));
  return opened.filter(Boolean).length;
}

/** Take away the account's drafts: those that the key of this tab opens. No other key opens them any more. */
export async function forgetAll(account) {
  for (const name of new Set([...storage.names(), ...(await disk.names())]))
    if ((keys.has(account) || PLAIN.test(name)) && (await open(account, name, await disk.read(name))))
      removeDraft(name);
  loseKey(account);
}
