import { noteStatus } from "../session/refusals.js";
import { random } from "./storage.js";

// Keys: in memory only, and not even our own scripts can read them.

const ASK_AGAIN = 2000; // ms after a key that could not be had

export const keys = new Map(); // account -> a promise of its key; of null when it can't be had
export const epochs = new Map(); // account -> which life of the database its key came from

export function keyOf(account) {
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
  if (answer.status === 401) noteStatus(account, 401);
  if (!key) return null;
  epochs.set(account, epoch);
  return crypto.subtle.importKey("raw", fromBase64(key), "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** The account's texts come from this life of the database. Whether that is news: it was another, as far as we know. */
export function inEpoch(account, epoch) {
  const before = epochs.get(account);
  epochs.set(account, epoch);
  return before !== undefined && before !== epoch;
}

export const loseKey = (account) => keys.delete(account);

/** What is kept of a draft; null without a key. The day is there to be seen: others may clear it away in time. */
export async function seal(account, content) {
  const key = await keyOf(account);
  if (!key) return null;
  const iv = random(12);
  const text = new TextEncoder().encode(JSON.stringify(content));
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, text));
  return { day: new Date().toISOString().slice(0, 10), iv: toBase64(iv), data: toBase64(data) };
}

/** What was kept of the account's, else null. */
export async function unseal(account, kept) {
  const key = kept && (await keyOf(account));
  if (!key) return null;
  try {
    const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: fromBase64(kept.iv) }, key, fromBase64(kept.data));
    return JSON.parse(new TextDecoder().decode(text));
  } catch {
    return null; // somebody else's, or written before all was erased
  }
}

const AT_ONCE = 0x8000; // bytes; a function takes only so many arguments

function toBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += AT_ONCE) text += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE));
  return btoa(text);
}

const fromBase64 = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
