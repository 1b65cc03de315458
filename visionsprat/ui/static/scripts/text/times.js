// When something was saved, in words.

const stockholm = (options) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Stockholm", ...options });
const clock = stockholm({ hour: "2-digit", minute: "2-digit" });
const day = stockholm({ day: "numeric", month: "long", year: "numeric" });
const date = stockholm({ year: "numeric", month: "2-digit", day: "2-digit" }); // in Swedish as in ISO 8601

/** Which day it is, counted so that the one before is one less: a day may have 23 or 25 hours. */
const dayNumber = (moment) => Date.parse(date.format(moment)) / 86400000;

/** As wording/messages.py writes it, but for "i dag". */
export function at(iso) {
  const moment = new Date(iso);
  const ago = dayNumber(Date.now()) - dayNumber(moment);
  const time = clock.format(moment);
  return ago === 0 ? time : ago === 1 ? `i går ${time}` : `${day.format(moment)}, ${time}`;
}

export const savedAt = (iso) => `Sparat ${at(iso)}`;
