// Drafts: what the server may not have yet, kept in localStorage and encrypted with a key that the server gives
// to a live session of the same person alone. Nobody else who uses the browser can read them, or see whose
// they are and about what: their names are random. What stays there for more than a moment is on the disk, too.
//
// What the server has said that it has, of a tab's texts, is kept in the same way, in the tab's sessionStorage: a
// server that is restored from a backup may have lost it.
//
// localStorage may be blocked, missing or full, and browsers encrypt over TLS and on localhost only.

const { disk } = window.visionsprat;

const PREFIX = "visionsprat:draft:";
const KNOWN = "visionsprat:known:";
/** As earlier versions kept them, in plain text: account, question and, mostly, tab. */
const PLAIN = /^visionsprat:draft:(\d+):([^:]+)/;
const STAY = 30 * 86400000; // ms that a draft waits for its person while others use the browser
const ASK_AGAIN = 2000; // ms after a key that could not be had

/** A storage of the browser's, by its name: asking for it throws where it is blocked. */
const storageOf = (kind, prefix) => ({
  names() {
    try {
      return Object.keys(window[kind]).filter((name) => name.startsWith(prefix));
    } catch {
      return [];
    }
  },
  read(name) {
    try {
      return JSON.parse(window[kind].getItem(name));
    } catch {
      return null;
    }
  },
  /** Whether it is kept now. */
  write(name, value) {
    try {
      window[kind].setItem(name, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  },
  remove(name) {
    try {
      window[kind].removeItem(name);
    } catch {
      // Then nothing is kept under it either.
    }
  },
});

const storage = storageOf("localStorage", PREFIX);

function removeDraft(name) {
  storage.remove(name);
  disk.remove(name);
}

const ofTab = storageOf("sessionStorage", KNOWN);

const possible = Boolean(crypto.subtle) && storage.write("visionsprat:kept", true);
storage.remove("visionsprat:kept");

const AT_ONCE = 0x8000; // bytes; a function takes only so many arguments

function toBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += AT_ONCE) text += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  return btoa(text);
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
const random = (bytes) => crypto.getRandomValues(new Uint8Array(bytes));
const randomName = (prefix) => prefix + Array.from(random(16), (each) => each.toString(16).padStart(2, "0")).join("");

// Keys: in memory only, and not even our own scripts can read them.

const keys = new Map(); // account -> a promise of its key; of null when it can't be had
const epochs = new Map(); // account -> which life of the database its key came from

function keyOf(account) {
  if (!keys.has(account)) {
    const asked = askForKey(account).catch(() => null);
    const forget = () => keys.get(account) === asked && keys.delete(account);
    asked.then((key) => key ?? setTimeout(forget, ASK_AGAIN));
    keys.set(account, asked);
  }
  return keys.get(account);
}

async function askForKey(account) {
  if (!crypto.subtle) return null;
  const answer = await fetch("/api/drafts/key", {
    method: "POST",
    headers: { "X-Visionsprat-Account": account },
    signal: AbortSignal.timeout(10000),
  });
  const { key, epoch, account: asked } = await answer.json();
  if (asked !== Number(account)) return null; // others may answer in the server's place
  if (answer.status === 401) window.visionsprat.doubt(account);
  if (!key) return null;
  epochs.set(account, epoch);
  return crypto.subtle.importKey("raw", fromBase64(key), "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** The account's texts come from this life of the database. Whether that is news: it was another, as far as we know. */
function inEpoch(account, epoch) {
  const before = epochs.get(account);
  epochs.set(account, epoch);
  return before !== undefined && before !== epoch;
}

const loseKey = (account) => keys.delete(account);

/** What is kept of a draft; null without a key. The day is there to be seen: others may clear it away in time. */
async function seal(account, content) {
  const key = await keyOf(account);
  if (!key) return null;
  const iv = random(12);
  const text = new TextEncoder().encode(JSON.stringify(content));
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text));
  return { day: new Date().toISOString().slice(0, 10), iv: toBase64(iv), data: toBase64(data) };
}

/** A draft that is the account's, else null: the newer of what localStorage has and the disk. */
async function open(account, name, onDisk = null) {
  const kept = storage.read(name);
  const [, owner, question] = name.match(PLAIN) ?? [];
  if (owner) return owner === account && kept ? { ...kept, question } : null;
  const [one, other] = [await unseal(account, kept), await unseal(account, onDisk)];
  return one && other ? ((other.count ?? 0) > (one.count ?? 0) ? other : one) : (one ?? other);
}

/** What was kept of the account's, else null. */
async function unseal(account, kept) {
  const key = kept && (await keyOf(account));
  if (!key) return null;
  try {
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64(kept.iv) }, key, fromBase64(kept.data));
    return JSON.parse(new TextDecoder().decode(text));
  } catch {
    return null; // somebody else's, or written before all was erased
  }
}

/** The place of one draft. What is written comes there in order, the newest last. */
class Draft {
  constructor(account, name = randomName(PREFIX)) {
    this.account = account;
    this.name = name;
    this.content = null; // what is still to be written
    this.count = 0; // how often it has been, by which the newer of two is known
  }

  /** Keep it from now on. Whether that could be done. */
  write(content) {
    this.content = content;
    return (this.writing ??= this.writeNewest());
  }

  async writeNewest() {
    let kept = true;
    try {
      while (this.content) {
        const { content } = this;
        const sealed = await seal(this.account, { ...content, count: (this.count += 1) });
        if (!this.content) break; // removed meanwhile
        kept = sealed !== null && storage.write(this.name, sealed);
        if (kept) disk.write(this.name, sealed);
        if (this.content === content) this.content = null;
      }
      return kept;
    } finally {
      this.writing = undefined;
    }
  }

  remove() {
    this.content = null;
    removeDraft(this.name);
  }
}

// Which tab has a draft: each keeps its own, none overwrites another's.

const held = new Map(); // name -> lets go of it

/** Whether a draft is this tab's from now on, and was not before. What a closed tab leaves becomes one other's. */
function claim(name) {
  if (held.has(name)) return false;
  held.set(name, () => held.delete(name));
  if (!navigator.locks) return true; // an old browser: a draft is then whoever's of the person's tabs that finds it
  return new Promise((answer) => {
    const hold = (lock) => {
      answer(lock !== null);
      if (!lock) return held.delete(name); // an open tab has it
      return new Promise((done) => held.set(name, () => done(held.delete(name)))); // until then, or the tab is closed
    };
    navigator.locks.request(name, { ifAvailable: true }, hold).catch(() => answer(true));
  });
}

const letGo = (name) => held.get(name)?.();

/** The drafts of an account that closed tabs have left, as { draft, content }, the oldest first. */
async function leftBehind(account) {
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
  const moment = ({ content }) => content.written_at ?? "";
  return found.sort((one, other) => (moment(one) < moment(other) ? -1 : 1));
}

// What the server has said that it has

const known = new Map(); // account, epoch and question -> { name } in the tab's storage; no text stays in memory

const knownAs = (account, { epoch, question }) => `${account} ${epoch} ${question}`;

/** Note what the server has of a text, for as long as the tab is open. */
async function noteKnown(account, content) {
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
  const hold = [...known].filter(([key]) => [...epochs].some(([account, epoch]) => key.startsWith(`${account} ${epoch} `)));
  const names = hold.map(([, { name }]) => name);
  return ofTab.names().filter((name) => !names.includes(name));
}

/** What a restored server may have lost of what it has said to this tab, made drafts of: but for what one of `drafts`
 * goes on from. */
async function lost(account, drafts) {
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
function forgetKnown() {
  ofTab.names().forEach(ofTab.remove);
  known.clear();
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
async function count(account) {
  const opened = await Promise.all(storage.names().map((name) => open(account, name)));
  return opened.filter(Boolean).length;
}

/** Take away the account's drafts: those that the key of this tab opens. No other key opens them any more. */
async function forgetAll(account) {
  for (const name of new Set([...storage.names(), ...(await disk.names())]))
    if ((keys.has(account) || PLAIN.test(name)) && (await open(account, name, await disk.read(name)))) removeDraft(name);
  loseKey(account);
}

const drafts = { Draft, claim, count, forgetAll, forgetKnown, inEpoch, keyOf, leftBehind, letGo, loseKey, noteKnown, possible };
window.visionsprat = { ...window.visionsprat, drafts };
