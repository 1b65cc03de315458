// localStorage and the tab's sessionStorage, which may be blocked, missing or full.

export const PREFIX = "visionsprat:draft:";
export const KNOWN = "visionsprat:known:";

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

export const storage = storageOf("localStorage", PREFIX);

export const ofTab = storageOf("sessionStorage", KNOWN);

export const possible = Boolean(crypto.subtle) && storage.write("visionsprat:kept", true);
storage.remove("visionsprat:kept");

export const random = (bytes) => crypto.getRandomValues(new Uint8Array(bytes));
export const randomName = (prefix) =>
  prefix + Array.from(random(16), (each) => each.toString(16).padStart(2, "0")).join("");
