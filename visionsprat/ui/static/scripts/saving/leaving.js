// The tab is left, hidden or closed, or comes back: what is unsaved goes first.

import { wake } from "./account_texts.js";
import { post } from "./post.js";
import { savers, unsaved } from "./savers.js";

const NOW_AND_THEN = 2000; // ms between two looks at what stands in the boxes, besides those at each event

/** The page is being left: what was written last is sent first, as there is room for so much only. */
function flushAll() {
  const moment = (saver) => saver.writtenAt ?? "";
  const newestFirst = unsaved().sort((one, other) => (moment(one) < moment(other) ? 1 : -1));
  newestFirst.forEach((saver) => saver.flush(true));
  for (const { account, question, left } of savers.values())
    left.filter(({ content }) => content.is_aside).forEach(({ content }) => post(account, question, content, true));
}

setInterval(() => savers.forEach((saver) => saver.look({ isAtRest: true })), NOW_AND_THEN);
addEventListener("pagehide", flushAll);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") flushAll();
  else wake();
});
addEventListener("online", wake);
addEventListener("offline", () => savers.forEach((saver) => saver.onChange()));

addEventListener("beforeunload", (event) => {
  const isHereAlone = ({ kept }) => kept === false;
  const aside = [...savers.values()].flatMap(({ left }) => left);
  if (unsaved().some(isHereAlone) || aside.some(isHereAlone)) event.preventDefault(); // the page has the only copy
});
