// A second place for drafts, on the disk within a second or two: browsers write localStorage there half a minute late,
// and one that is killed has lost it. An IndexedDB with strict durability, where there is one; else nothing is kept.

const NAME = "drafts";
const REST = 1000; // ms between two writings of a draft: each costs a wait for the disk
const PATIENCE = 2000; // ms with a database that does not answer, as happens in Safari: drafts are sent without it

let opened = null; // a promise of the database; of null where there is none
let givenUp = null; // a promise of null, when it has been waited for long enough

function database() {
  if (!opened) {
    opened = opening();
    givenUp = new Promise((done) => setTimeout(done, PATIENCE, null));
  }
  return Promise.race([opened, givenUp]); // one that answers late is used from then on
}

function opening() {
  return new Promise((done) => {
    const asked = indexedDB.open("visionsprat", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(NAME);
    asked.onerror = asked.onblocked = () => done(null);
    asked.onsuccess = () => {
      const found = asked.result;
      found.onclose = found.onversionchange = () => {
        found.close();
        opened = null;
      };
      done(found);
    };
  }).catch(() => null); // blocked, as in some browsers' private windows
}

/** Do something in a transaction. What it finds, when that is on the disk; null when it can't be done. */
async function within(mode, act) {
  const found = await database();
  if (!found) return null;
  return new Promise((done) => {
    try {
      const transaction = found.transaction(NAME, mode, { durability: "strict" });
      const asked = act(transaction.objectStore(NAME));
      transaction.oncomplete = () => done(asked.result ?? null);
      transaction.onerror = transaction.onabort = () => done(null);
      transaction.commit?.(); // a page that is closed just now has no time to
    } catch {
      opened = null; // the browser has closed it
      done(null);
    }
  });
}

const waiting = new Map(); // name -> what is to be written, and when
const there = new Set(); // names that may be on the disk

/** Keep something under a name, soon. What comes until then takes its place. */
export function write(name, value) {
  const timer = waiting.get(name)?.timer ?? setTimeout(() => writeNow(name), REST);
  waiting.set(name, { value, timer });
}

function writeNow(name) {
  const { value, timer } = waiting.get(name);
  clearTimeout(timer);
  waiting.delete(name);
  there.add(name);
  within("readwrite", (store) => store.put(value, name));
}

export function remove(name) {
  clearTimeout(waiting.get(name)?.timer);
  waiting.delete(name);
  if (there.delete(name)) within("readwrite", (store) => store.delete(name));
}

/** What is kept under a name, else null. */
export const read = (name) => within("readonly", (store) => store.get(name));

/** Under which names something is kept. */
export async function names() {
  const found = (await within("readonly", (store) => store.getAllKeys())) ?? [];
  found.forEach((name) => there.add(name));
  return found;
}

// A tab that is not in front has its clocks slowed down, and may be closed unasked.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") [...waiting.keys()].forEach(writeNow);
});
