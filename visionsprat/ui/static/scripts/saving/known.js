import { Draft } from "./draft.js";
import { epochs, seal, unseal } from "./keys.js";
import { claim } from "./locks.js";
import { KNOWN, ofTab, randomName } from "./storage.js";

// What the server has said that it has

const known = new Map(); // account, epoch and question -> { name } in the tab's storage; no text stays in memory

const knownAs = (account, { epoch, question }) => `${account} ${epoch} ${question}`;

/** Note what the server has of a text, for as long as the tab is open. */
export async function noteKnown(account, content) {
  const key = knownAs(account, content);
  const place = { name: known.get(key)?.name ?? randomName(KNOWN) };
  known.set(key, place);
  if (!content.text) return ofTab.remove(place.name);
  const sealed = await seal(account, content).catch(() => null);
  if (!sealed || known.get(key) !== place || ofTab.write(place.name, sealed)) return; // or overtaken by a newer one
  // No room: what others have left in this tab goes first, as they have gone.
  others().forEach(ofTab.remove);
  ofTab.write(place.name, sealed);
}

/** What was kept before this page was loaded, by others, or before the server was restored. */
function others() {
  const hold = [...known].filter(([key]) =>
    [...epochs].some(([account, epoch]) => key.startsWith(`${account} ${epoch} `)),
  );
  const names = hold.map(([, { name }]) => name);
  return ofTab.names().filter((name) => !names.includes(name));
}

/** What a restored server may have lost of what it has said to this tab, made drafts of: but for what one of `drafts`
 * goes on from. */
export async function lost(account, drafts) {
  const found = [];
  for (const name of others()) {
    const content = await unseal(account, ofTab.read(name));
    if (!content) continue; // somebody else's, who may come back
    const { question, epoch, based_on } = content;
    const key = knownAs(account, content);
    if (epoch === epochs.get(account)) {
      if (known.has(key)) ofTab.remove(name);
      else known.set(key, { name });
      continue;
    }
    known.delete(key);
    const goesOn = (each) => each.question === question && each.epoch === epoch && each.based_on >= based_on;
    if (!drafts.some((each) => goesOn(each.content))) {
      const draft = new Draft(account);
      claim(draft.name);
      if (!(await draft.write(content))) continue;
      found.push({ draft, content });
    }
    ofTab.remove(name);
  }
  return found;
}

/** The person leaves this tab, or has erased what they have written. */
export function forgetKnown() {
  ofTab.names().forEach(ofTab.remove);
  known.clear();
}
