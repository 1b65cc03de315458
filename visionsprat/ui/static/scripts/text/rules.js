// What a text is: when two are the same, when it is blank, how long it is, what can be stored of it.

export const MOST_CHARACTERS = 20000; // unless the page says otherwise

export const nfc = (text) => text.normalize("NFC"); // as the server stores it
export const same = (one, other) => nfc(one) === nfc(other);
// The same rule as is_blank() in domain/text_rules.py.
export const isBlank = (text) => /^[\s\p{C}\p{Z}]*$/u.test(text);
// Four characters at most become one: what is much too long is not normalised first.
export const length = (text) => (text.length > 8 * MOST_CHARACTERS ? text.length : [...nfc(text)].length);

const UNSTORABLE = /[\0\p{Cs}]/gu; // NUL and half surrogate pairs, which clean() in domain/text_rules.py refuses

/** A text without what can't be stored: nothing that anybody can read. */
export const storable = (text) => text.replace(UNSTORABLE, "");

/** Whether a text is another one that lacks one passage of it. */
export function isLeftOf(text, before) {
  let start = 0;
  while (start < text.length && text[start] === before[start]) start += 1;
  return text.length <= before.length && before.endsWith(text.slice(start));
}

/** Whether a text is another one with something put into it, or at its end. */
export const contains = (text, part) => isLeftOf(nfc(part), nfc(text));
