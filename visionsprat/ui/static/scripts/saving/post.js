// A draft on its way to the server.

import * as answers from "./answers.js";

const LEAVING = 65536; // bytes that a browser sends for pages that are left; what goes beyond that is not sent at all

const size = (text) => new TextEncoder().encode(text).length;

let leaving = 0; // bytes on their way for pages that are left

/** What goes as the page is left: the text, and of those sent before what there is room for, the likeliest first. */
export function fitted(sent) {
  const unanswered = [...sent.unanswered];
  const written = () => JSON.stringify({ ...sent, unanswered });
  while (unanswered.length && size(written()) > LEAVING - leaving) unanswered.pop();
  return written();
}

/** Send a draft. What the server answers; status 0 when it doesn't. */
export async function post(account, question, { text, based_on, unanswered = [] }, isLeaving = false) {
  const sent = { question, text, based_on, unanswered };
  const body = isLeaving ? fitted(sent) : JSON.stringify(sent);
  const bytes = isLeaving ? size(body) : 0;
  const keepalive = isLeaving && bytes <= LEAVING - leaving; // else it may get there all the same
  if (keepalive) leaving += bytes;
  try {
    const answer = await fetch("/api/reflections", {
      method: "POST",
      keepalive,
      headers: { "Content-Type": "application/json", "X-Visionsprat-Account": String(account) },
      body,
      signal: isLeaving ? undefined : AbortSignal.timeout(20000),
    });
    const { status } = answer;
    const said = await answer.json().catch(() => null);
    // Others may answer in its place: a proxy, or a network that wants to be signed in to first.
    if (!answers.isOurs({ status, body: said }, account, question, text))
      return { status: answer.ok ? 0 : 503, isForeign: true };
    if (status === 429) said.after = Number(answer.headers.get("Retry-After")) || 1; // s
    return { status, body: said };
  } catch {
    return { status: 0 };
  } finally {
    if (keepalive) leaving -= bytes;
  }
}
