// The place to think: a <textarea> a question, saved to the server while one writes.
//
// A Saver keeps one question's text for one account. It outlives the page it was shown on, so that a
// text on its way is seen to arrive when the person has already walked on.

const PAUSE = 700; // ms of rest before a save ...
const SHORT_PAUSE = 300; // ... where the text can't be kept in the browser meanwhile ...
const LONGEST = 1500; // ... and the longest that typing goes on without one
const RETRY_FIRST = 1000;
const RETRY_LAST = 30000;
const TELL_LIMIT = 1000; // characters left when the limit is first told
const LARGE_DELETION = 200; // characters
const ONE_DELETION = 10000; // ms within which saves that follow one another are one deletion
const MOST_COMPARED = 4000000; // pairs of words; beyond that all that lies between two texts' ends differs
const MOST_CHARACTERS = 20000; // unless the page says otherwise
const LONGEST_PAUSE = 30; // s that the server may ask for
const UNANSWERED = 4; // how many sent texts are remembered until one is acknowledged
const NOW_AND_THEN = 2000; // ms between two looks at what stands in the boxes, besides those at each event
const LEAVING = 65536; // bytes that a browser sends for pages that are left; what goes beyond that is not sent at all

const { answers, Box, drafts, storable } = window.visionsprat;

const nfc = (text) => text.normalize("NFC"); // as the server stores it
const same = (one, other) => nfc(one) === nfc(other);
// The same rule as is_blank() in domain/text_rules.py.
const isBlank = (text) => /^[\s\p{C}\p{Z}]*$/u.test(text);
// Four characters at most become one: what is much too long is not normalised first.
const length = (text) => (text.length > 8 * MOST_CHARACTERS ? text.length : [...nfc(text)].length);

const stockholm = (options) => new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Stockholm", ...options });
const clock = stockholm({ hour: "2-digit", minute: "2-digit" });
const day = stockholm({ day: "numeric", month: "long", year: "numeric" });
const date = stockholm({ year: "numeric", month: "2-digit", day: "2-digit" }); // in Swedish as in ISO 8601

/** Which day it is, counted so that the one before is one less: a day may have 23 or 25 hours. */
const dayNumber = (moment) => Date.parse(date.format(moment)) / 86400000;

/** As wording/messages.py writes it, but for "i dag". */
function at(iso) {
  const moment = new Date(iso);
  const ago = dayNumber(Date.now()) - dayNumber(moment);
  const time = clock.format(moment);
  return ago === 0 ? time : ago === 1 ? `i går ${time}` : `${day.format(moment)}, ${time}`;
}

const savedAt = (iso) => `Sparat ${at(iso)}`;

// The rules by which the store keeps a text that goes, at once or slowly: see store/reflections.py.
const muchGoes = (before, after) => length(before) - length(after) > Math.min(LARGE_DELETION, length(before) / 2);

function isLeftOf(text, before) {
  let start = 0;
  while (start < text.length && text[start] === before[start]) start += 1;
  return text.length <= before.length && before.endsWith(text.slice(start));
}

/** Whether a text is another one with something put into it, or at its end. */
const contains = (text, part) => isLeftOf(nfc(part), nfc(text));

/** Finds the text to offer back when much of it has gone: the fullest one since the last that was offered. */
class Deletions {
  offer(before, saved) {
    const fullest = this.last === before.text && length(this.fullest) > length(before.text) ? this.fullest : before.text;
    const apart = Math.abs(new Date(saved.saved_at) - new Date(before.saved_at)); // a clock may be set back
    const goesOn = apart <= ONE_DELETION;
    const onlyLeft = goesOn && this.offered !== undefined && isLeftOf(fullest, this.offered);
    const much = !isBlank(fullest) && !onlyLeft && muchGoes(fullest, saved.text);
    this.last = saved.text;
    this.fullest = !much && !onlyLeft && length(saved.text) < length(fullest) ? fullest : saved.text;
    if (!much) return null;
    this.offered = fullest;
    return fullest;
  }
}

/** The words of both texts in pieces [text, differs], each text's own: what they have in common and what not. */
function compare(one, other) {
  const [a, b] = [one, other].map((text) => nfc(text).match(/\s+|[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? []);
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const kept = [new Set(), new Set()];
  const [rows, columns] = [a.length - start - end, b.length - start - end];
  if (rows * columns <= MOST_COMPARED) {
    // common[i][j]: how many words the rests from i and j have in common, in order
    const common = Array.from({ length: rows + 1 }, () => new Uint16Array(columns + 1));
    for (let i = rows - 1; i >= 0; i -= 1)
      for (let j = columns - 1; j >= 0; j -= 1)
        common[i][j] =
          a[start + i] === b[start + j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    for (let i = 0, j = 0; i < rows && j < columns; ) {
      if (a[start + i] === b[start + j]) {
        kept[0].add(start + i++);
        kept[1].add(start + j++);
      } else if (common[i + 1][j] >= common[i][j + 1]) i += 1;
      else j += 1;
    }
  }
  return [a, b].map((words, side) => {
    const pieces = [];
    words.forEach((word, place) => {
      const differs = place >= start && place < words.length - end && !kept[side].has(place);
      if (pieces.at(-1)?.[1] === differs) pieces.at(-1)[0] += word;
      else pieces.push([word, differs]);
    });
    return pieces;
  });
}

const size = (text) => new TextEncoder().encode(text).length;

let leaving = 0; // bytes on their way for pages that are left

/** What goes as the page is left: the text, and of those sent before what there is room for, the likeliest first. */
function fitted(sent) {
  const unanswered = [...sent.unanswered];
  const written = () => JSON.stringify({ ...sent, unanswered });
  while (unanswered.length && size(written()) > LEAVING - leaving) unanswered.pop();
  return written();
}

/** Send a draft. What the server answers; status 0 when it doesn't. */
async function post(account, question, { text, based_on, unanswered = [] }, isLeaving = false) {
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
    if (!answers.isOurs({ status, body: said }, account, question, text)) return { status: answer.ok ? 0 : 503, isForeign: true };
    if (status === 429) said.after = Number(answer.headers.get("Retry-After")) || 1; // s
    return { status, body: said };
  } catch {
    return { status: 0 };
  } finally {
    if (keepalive) leaving -= bytes;
  }
}

const REFUSED = {
  404: () => "Frågan finns inte längre. Kopiera texten om du vill ha den kvar.",
  413: (saver) => `Texten är för lång. Den får ha högst ${saver.limit.toLocaleString("sv-SE")} tecken.`,
  422: (_, body) => body.message ?? "Texten innehåller tecken som inte går att spara.", // the box takes out those it knows
  423: () => "Det finns inte plats för fler tidigare versioner. Ta bort dem du inte behöver, så sparas texten.",
  // The server's reasons besides: it alone counts what stands on one letter, and it says how many may.
  marks: (_, { message }) => message,
};

/** Why a text is not on the server yet, and where it is meanwhile. */
function waiting({ status, kept }) {
  if (status === 401) return "Inte sparat. Du är utloggad."; // session.js covers the page, and says more
  if (kept && isOffline({ status })) return "Sparat på den här enheten, skickas när nätet är tillbaka";
  const why = status ? "Servern kan inte spara just nu." : navigator.onLine ? "Servern svarar inte." : "Det finns inget nät.";
  const where = kept ? "Texten finns kvar på den här enheten" : "Texten finns bara i rutan";
  return `Inte sparat. ${why} ${where} och skickas så snart det går.`;
}

const isOffline = ({ status }) => !status && !navigator.onLine;

class Saver {
  constructor(account, question) {
    this.account = account;
    this.question = question;
    this.limit = MOST_CHARACTERS;
    this.place = new drafts.Draft(account);
    drafts.claim(this.place.name);
    this.kept = drafts.possible ? null : false; // whether the draft is, in the browser; null while that is to be seen
    this.left = []; // drafts that closed tabs have left, and texts put aside: each waits until its turn comes
    this.base = { text: "", revision: 0, saved_at: null, epoch: null }; // what the server is known to hold ...
    this.known = false; // ... once it has said so
    this.before = null; // of a draft that was picked up: what it was based on
    this.received = false; // whether there is a text yet, the server's or a draft
    this.text = "";
    this.unanswered = []; // texts sent that the server may have stored without our knowing
    this.state = "saved";
    this.problem = "";
    this.status = 0; // of the last answer, while waiting
    this.other = null; // the newer text, in a conflict
    this.paused = false; // until when the server has said
    this.nearlyFull = false; // whether there will soon be no room for more earlier versions
    this.writtenAt = null; // when the text was last changed here
    this.taken = null; // the text before much of it was deleted ...
    this.isReplaced = false; // ... or before another took its place
    this.deletions = new Deletions();
    this.gone = false; // erased, with what it was written upon
    this.failures = 0;
    this.sending = false;
    this.look = () => {}; // takes in what stands in the box
    this.onChange = () => {};
    this.onAnswered = () => {};
  }

  get dirty() {
    return this.received && (!this.known || !same(this.text, this.base.text));
  }

  /** Take in what the server held when the page was drawn; never over a text that is being written. */
  receive(saved, writing) {
    const first = !this.received;
    this.received = true;
    if (this.known && saved.epoch !== this.base.epoch) return this.isBusy || this.outlive(saved);
    if (first || (saved.revision > this.base.revision && !this.dirty && !this.sending && !writing)) {
      this.text = saved.text;
      this.holds(saved);
    } else if (!this.known) {
      this.holds(saved); // a draft is on its way already, and goes on saying what it was written upon
    }
    this.known = true;
  }

  /** The server is known to hold this. */
  holds(saved) {
    this.base = saved;
    this.known = true;
    const { text, revision, saved_at, epoch } = saved;
    const { account, question } = this;
    drafts.noteKnown(account, { question, text, based_on: revision, epoch, unanswered: [], written_at: saved_at, adds: true });
  }

  /** The server has been restored: what it held before is sent again, to be asked about where it has something else. */
  outlive(saved) {
    if (same(this.text, saved.text) || (!this.dirty && isBlank(this.text))) {
      this.text = saved.text;
      this.unanswered = [];
      this.before = null;
      this.holds(saved);
      return this.settle();
    }
    this.sendAgain();
  }

  /** Whether the server is to say something first. */
  get isBusy() {
    return this.state === "conflict" || this.sending;
  }

  sendAgain() {
    this.known = false; // so that it counts as unsaved
    this.setState("saving");
    this.send();
  }

  /** Take over the next draft that a closed tab has left; not before our own text is saved. */
  async pickUp() {
    this.look();
    if (this.gone || this.state !== "saved" || !this.left.length) return;
    const { draft, content } = this.left.shift();
    const goesOn = this.known && content.adds && contains(this.base.text, content.text);
    if (goesOn || (this.known && same(content.text, this.base.text))) {
      draft.remove();
      return this.pickUp();
    }
    if (content.is_aside) return this.sendAside(draft, content);
    this.place = draft; // there is nothing in the one before
    this.received = true;
    this.text = storable(content.text);
    this.writtenAt = content.written_at ?? null;
    this.unanswered = (content.unanswered ?? []).map(storable);
    const { based_on, epoch, adds } = content;
    this.before = { based_on, epoch, adds, text: this.text }; // if the server holds something newer by now, it says so
    this.setState("saving");
    await this.send();
  }

  /** Another text takes the place of the one in the box: keep that first, in the browser and then among the
   * earlier versions. Whether there was one that the server may not have. */
  setAside(replacement, revision) {
    this.look();
    const { question, text, writtenAt } = this;
    const stored = this.known && !this.other?.restored ? this.base.text : ""; // a restored server may have lost it
    if (isBlank(text) || [replacement, stored].some((other) => same(text, other))) return false;
    if (this.left.some(({ content }) => content.is_aside && content.text === text)) return true;
    // Written upon what is no longer the newest it is refused, and the server keeps what it refuses.
    const content = { question, text, based_on: Math.max(0, revision - 1), written_at: writtenAt, is_aside: true };
    const draft = new drafts.Draft(this.account);
    drafts.claim(draft.name);
    const put = { draft, content };
    draft.write(content).then((kept) => (put.kept = kept));
    this.left.push(put);
    return true;
  }

  /** Whether the server has kept the text when it asked which of two shall stand. */
  get isKept() {
    const { other, text } = this;
    return Boolean(other) && !other.erased && other.kept !== false && same(text, other.sent);
  }

  async sendAside(draft, content) {
    const { status, body } = await post(this.account, this.question, content);
    if (this.gone) return;
    if (status === 200 || (status === 409 && body.kept !== false)) {
      draft.remove();
      return this.pickUp();
    }
    this.left.unshift({ draft, content });
    setTimeout(() => this.pickUp(), RETRY_LAST);
  }

  /** What was put aside has been saved before its place was taken: then it is kept as any other. */
  forgetAside(text) {
    this.forget((content) => content.is_aside && same(content.text, text));
  }

  /** Keep no more of the texts that wait than those that are still needed. */
  forget(isDone) {
    this.left.filter(({ content }) => isDone(content)).forEach(({ draft }) => draft.remove());
    this.left = this.left.filter(({ content }) => !isDone(content));
  }

  type(text) {
    if (text !== this.text) this.writtenAt = new Date().toISOString();
    this.text = text;
    this.writeDraft();
    if (this.state === "conflict") return;
    if (!this.dirty && !this.sending && !this.unanswered.length) return this.settle();
    if (this.state !== "waiting") this.setState("saving");
    this.firstUnsaved ??= Date.now();
    if (this.retry) return; // the next attempt takes this text along
    clearTimeout(this.timer);
    const patience = this.firstUnsaved + LONGEST - Date.now();
    const pause = this.kept === false ? SHORT_PAUSE : PAUSE;
    this.timer = setTimeout(() => this.send(), Math.max(0, Math.min(pause, patience)));
  }

  /** Send at once what is unsaved: the page is being left, or the field. */
  flush(keepalive = false) {
    this.look();
    if (this.paused && !keepalive) return; // the server has said when
    if (this.dirty && this.state !== "conflict" && this.state !== "refused") this.send(keepalive);
  }

  async send(keepalive = false) {
    this.look();
    if (this.gone || (this.sending && !keepalive)) return;
    if (keepalive && this.leavingWith === this.text) return; // the page was hidden, and is now left
    clearTimeout(this.timer);
    clearTimeout(this.retry);
    this.retry = undefined;
    this.paused = false;
    this.firstUnsaved = undefined;
    const draft = this.draft();
    if (length(draft.text) > this.limit) return this.take(413);
    if (navigator.onLine) this.remember(draft.text);
    this.writeDraft();
    this.sending = true;
    if (keepalive) this.leavingWith = draft.text;
    const { status, body } = await post(this.account, this.question, draft, keepalive);
    if (keepalive) this.leavingWith = undefined;
    this.sending = false;
    this.take(status, body, draft.text);
  }

  /** Note that a text may get to the server without its answer getting here: the first is the likeliest. */
  remember(text) {
    if (this.unanswered.includes(text)) return;
    const sent = [...this.unanswered, text];
    this.unanswered = sent.length > UNANSWERED ? [sent[0], ...sent.slice(1 - UNANSWERED)] : sent;
  }

  take(status, body, text) {
    if (this.gone) return;
    if (status === 401) window.visionsprat.doubt(this.account);
    else if (status && window.visionsprat.isCovered()) window.visionsprat.ask(); // the person is back
    this.nearlyFull ||= body?.nearly_full === true;
    if (status === 429) return this.pause(body.after);
    if (status === 200) return this.acknowledged({ text, ...body });
    if (status === 409) return this.conflicted({ ...body, sent: text });
    const refused = REFUSED[body?.reason] ?? REFUSED[status];
    if (refused) return this.setState("refused", refused(this, body));
    this.failures += 1;
    this.status = status;
    this.retry = setTimeout(() => this.send(), Math.min(RETRY_LAST, RETRY_FIRST * 2 ** (this.failures - 1)));
    this.setState("waiting");
  }

  /** Too much comes at once: nothing has failed, and the text goes when it may. */
  pause(seconds) {
    this.paused = true;
    this.retry = setTimeout(() => this.send(), Math.min(seconds, LONGEST_PAUSE) * 1000);
    this.setState("saving");
  }

  /** There is room again for earlier versions. */
  roomMade() {
    this.nearlyFull = false;
    if (this.state === "refused") this.send();
    this.onChange();
  }

  acknowledged(saved) {
    if (saved.epoch === this.base.epoch && saved.revision < this.base.revision) return; // overtaken by a later answer
    const changed = isBlank(this.base.text) !== isBlank(saved.text);
    const deleted = this.chosen ? null : this.deletions.offer(this.base, saved);
    if (deleted !== null) [this.taken, this.isReplaced] = [deleted, false];
    this.chosen = false;
    this.forgetAside(saved.text);
    this.holds(saved);
    this.before = null;
    this.unanswered = [];
    this.returned = this.failures > 0;
    this.failures = 0;
    this.carryOn();
    if (changed) this.onAnswered(saved.revision);
  }

  conflicted(other) {
    // A draft picked up may be older than the base: what the server held then is not our own text.
    const ours = this.before ? this.unanswered : [this.base.text, ...this.unanswered];
    if (!other.erased && ours.some((text) => same(text, other.text))) {
      this.holds(other); // our own text, stored although its answer was lost or came late
      this.before = null;
      return this.carryOn();
    }
    const { epoch, adds } = this.draft();
    if (!other.erased && this.before && adds && contains(other.text, this.text)) {
      this.text = other.text; // a killed browser may come back with a draft from before its last save
      this.holds(other);
      this.before = null;
      this.unanswered = [];
      return this.settle();
    }
    other.restored = Boolean(epoch) && epoch !== other.epoch;
    this.other = other;
    if (other.erased) {
      drafts.loseKey(this.account); // it is another since
      this.writeDraft();
    }
    const changed = other.restored ? "Servern har återställts." : "Texten har ändrats på ett annat ställe.";
    const why = other.erased ? "Du har raderat dina reflektioner sedan du började skriva här." : changed;
    this.setState("conflict", `${why} Välj nedan vad som ska gälla.`);
    // The others wait until the person has chosen; the server is to have them whether or not that comes.
    this.left.forEach(({ content }) => post(this.account, this.question, content));
  }

  carryOn() {
    if (!this.dirty) return this.settle();
    this.state = "saving";
    this.type(this.text);
  }

  /** Settle a conflict with the text that the person chose. */
  choose(text) {
    this.chosen = true; // what goes by that was not deleted by mistake
    this.forget((content) => !content.is_aside && same(content.text, this.text)); // asked about now, not again
    this.holds(this.other);
    this.other = null;
    this.before = null;
    this.unanswered = [];
    this.text = text;
    this.writeDraft(); // in place of the text that lost
    this.setState("saving");
    if (this.dirty) this.send();
    else this.settle();
  }

  /** Keep nothing of it any more. */
  drop() {
    this.gone = true;
    this.rest();
    this.place.remove();
    this.left.forEach(({ draft }) => draft.remove());
  }

  rest() {
    clearTimeout(this.timer);
    clearTimeout(this.retry);
    tellSettled();
  }

  /** Whether nothing is unsaved that the browser doesn't keep. */
  async isDrafted() {
    this.look();
    return !this.dirty || this.writeDraft();
  }

  /** Leave what is unsaved to its draft, for when the person is back. */
  putAway() {
    this.gone = true;
    this.rest();
    [this.place, ...this.left.map(({ draft }) => draft)].forEach(({ name }) => drafts.letGo(name));
  }

  settle() {
    this.place.remove();
    this.setState("saved");
    tellSettled();
    this.pickUp();
  }

  setState(state, problem = "") {
    this.state = state;
    this.problem = problem;
    this.onChange();
  }

  draft() {
    const { question, text, unanswered, writtenAt, base } = this;
    const { based_on, epoch, adds } = this.before ?? { based_on: base.revision, epoch: base.epoch };
    // Whether nothing was taken away of what it was based on.
    const onlyAdds = this.before ? Boolean(adds) && text === this.before.text : contains(text, base.text);
    return { question, text, based_on, epoch, unanswered, written_at: writtenAt, adds: onlyAdds };
  }

  /** Keep what is unsaved in the browser. Whether it does. */
  async writeDraft() {
    if (this.gone) return false;
    const kept = await this.place.write(this.draft());
    const isNew = kept !== this.kept;
    this.kept = kept;
    if (isNew) this.onChange();
    return kept;
  }
}

const savers = new Map();

function saverFor(account, question) {
  const key = `${account} ${question}`;
  if (!savers.has(key)) savers.set(key, new Saver(String(account), question));
  return savers.get(key);
}

/** Which life of the database answers for an account: where it is a new one, all that the last has said is asked about. */
function inEpoch(account, epoch) {
  if (!drafts.inEpoch(String(account), epoch)) return;
  for (const [, saver] of saversOf(account))
    if (saver.known && saver.base.epoch !== epoch && !saver.isBusy && !isBlank(saver.text)) saver.sendAgain();
  if (present) resume(present);
}

const saversOf = (account) => [...savers].filter(([key]) => key.startsWith(`${account} `));

let present = null; // the account of the page

let resuming = Promise.resolve(); // one round after the other: two at once would share the drafts, and mix their order

/** Send the drafts that closed tabs have left for an account, whatever page is open. Whether there were any. */
function resume(account) {
  present = String(account);
  return (resuming = resuming.then(() => sendLeftBehind(present)));
}

async function sendLeftBehind(account) {
  const found = await drafts.leftBehind(account);
  const theirs = found.map(({ content }) => saverFor(account, content.question));
  found.forEach((each, place) => theirs[place].left.push(each));
  for (const saver of theirs) await saver.pickUp(); // one at a time: in the order they were written
  if (found.length) window.visionsprat.tell("sent", { account });
  return found.length > 0;
}

/** Somebody has erased what they have written: take away what this browser keeps of it. */
async function forget(account) {
  drop(account);
  window.visionsprat.tell("erased", { account: String(account) });
  await drafts.forgetAll(String(account));
}

/** Keep nothing of an account's texts. */
function drop(account) {
  for (const [key, saver] of saversOf(account)) {
    savers.delete(key);
    saver.drop();
  }
  drafts.forgetKnown();
}

/** Leave an account's texts to their drafts, and keep no text or key in memory. How many were unsaved.
 *
 * All of them or none: a page that comes back must have no box that nobody looks after. */
async function putAway(account) {
  present = null;
  const theirs = saversOf(account);
  const kept = await Promise.all(theirs.map(([, saver]) => saver.isDrafted()));
  if (!kept.every(Boolean)) return 0;
  const unsaved = theirs.filter(([, { dirty }]) => dirty).length;
  for (const [key, saver] of theirs) {
    savers.delete(key);
    saver.putAway();
  }
  drafts.loseKey(account);
  return unsaved;
}

let left = null; // the address that is being left, while it is still the page's own

/** The page is being left: no save may ask for a run of it any more. */
function leave() {
  left = location.pathname;
}

/** Save what is unsaved, and wait until it is or `patience` milliseconds have passed. */
async function settle(patience) {
  unsaved().forEach((saver) => saver.flush());
  if (!unsaved().length) return;
  await new Promise((done) => {
    settling.push(done); // no clock: in a tab that is not in front it ticks once a minute
    setTimeout(done, patience);
  });
}

let settling = []; // who waits until nothing is unsaved

function tellSettled() {
  if (!unsaved().length) settling.splice(0).forEach((done) => done());
}

function unsaved() {
  savers.forEach((saver) => saver.look());
  return [...savers.values()].filter((saver) => saver.dirty && !saver.gone);
}

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

/** The net may be back: don't wait for the next attempt. */
function wake() {
  unsaved().forEach((saver) => saver.flush());
  savers.forEach((saver) => saver.pickUp());
  if (present && navigator.locks) resume(present); // without locks, an open tab's draft is not told from a closed one's
}

addEventListener("beforeunload", (event) => {
  const isHereAlone = ({ kept }) => kept === false;
  const aside = [...savers.values()].flatMap(({ left }) => left);
  if (unsaved().some(isHereAlone) || aside.some(isHereAlone)) event.preventDefault(); // the page has the only copy
});

// What is seen

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Earlier versions, to read and, with `restore`, to bring back. */
class VersionList {
  constructor(account, question, root, restore, onErased = () => {}) {
    Object.assign(this, { account, question, root, restore, onErased });
  }

  ask(method = "GET", before = "") {
    return fetch(`/api/reflections/versions?question=${encodeURIComponent(this.question)}${before}`, {
      method,
      headers: { "X-Visionsprat-Account": String(this.account) },
    }).catch(() => null);
  }

  async load() {
    const asked = (this.asked = {});
    const answer = await this.ask();
    const found = answer?.ok ? await answer.json().catch(() => null) : null;
    if (this.asked !== asked) return; // overtaken
    if (answers.areVersions(found)) this.show(found);
    else if (answer?.status === 401) this.say("Du är utloggad. Logga in igen, så visas de.");
    else this.say("Det går inte att visa dem just nu. Stäng och öppna igen om en stund.");
  }

  show({ versions, device_kind, nearly_full, more }) {
    if (!versions.length) {
      return this.say("Inga än. En version sparas när du har gjort uppehåll, loggar ut eller tar bort mycket text.");
    }
    const list = element("ol", {});
    this.root.replaceChildren(...(nearly_full ? [this.erasing()] : []), list);
    this.add(list, { versions, device_kind, more });
  }

  add(list, { versions, device_kind, more }) {
    const items = versions.map((version) => {
      const elsewhere = version.device_kind === device_kind ? "" : version.device_kind;
      const when = element("p", { class: "when" }, joined(at(version.saved_at), elsewhere));
      const words = element("div", { class: "words", dir: "auto" }, version.text);
      return element("li", {}, when, words, ...this.actions(version));
    });
    list.append(...items);
    if (more) this.root.append(this.older(list, versions.at(-1).revision));
    return items[0];
  }

  /** A way to those before the last one shown. */
  older(list, revision) {
    const button = element("button", { type: "button", class: "button" }, "Visa äldre versioner");
    const told = element("p", { class: "when", role: "status" });
    const whole = element("div", {}, element("p", { class: "actions" }, button), told);
    button.addEventListener("click", async () => {
      const asked = this.asked;
      const answer = await this.ask("GET", `&before=${revision}`);
      const found = answer?.ok ? await answer.json().catch(() => null) : null;
      if (this.asked !== asked) return; // the list is another by now
      if (!found?.versions) {
        told.textContent = "Det går inte att visa dem just nu. Försök igen om en stund.";
        return;
      }
      whole.remove();
      const first = this.add(list, found);
      if (first) Object.assign(first, { tabIndex: -1 }).focus();
    });
    return whole;
  }

  /** Where there is little room left: a way to take them all away, asked about once more. */
  erasing() {
    const told = element("p", { class: "when", role: "status" }, "Det finns snart inte plats för fler tidigare versioner.");
    const button = element("button", { type: "button", class: "button" }, "Ta bort alla tidigare versioner av svaret");
    let sure = false;
    button.addEventListener("click", async () => {
      if (!sure) {
        sure = true;
        button.textContent = "Ja, ta bort dem för gott";
        return;
      }
      const answer = await this.ask("DELETE");
      if (answer?.status !== 204) {
        told.textContent = "Det går inte att ta bort dem just nu. Försök igen om en stund.";
        return;
      }
      this.onErased();
      this.load();
    });
    return element("div", { class: "erasing" }, told, element("p", { class: "actions" }, button));
  }

  actions(version) {
    if (!this.restore) return [];
    const again = element("button", { type: "button", class: "button" }, "Återställ");
    again.setAttribute("aria-label", `Återställ versionen från ${at(version.saved_at)}`);
    again.addEventListener("click", () => this.restore(version.text));
    return [element("p", { class: "actions" }, again)];
  }

  say(words) {
    this.root.replaceChildren(element("p", { class: "when", role: "status" }, words));
  }
}

/** What can be gone back to under an editor: fetched when it is opened, and again when a save has changed it. */
class Versions {
  constructor(saver, restore) {
    this.saver = saver;
    const list = element("div", { class: "list" });
    this.list = new VersionList(saver.account, saver.question, list, restore, () => saver.roomMade());
    this.root = element("details", { class: "versions" }, element("summary", {}, "Tidigare versioner"), list);
    this.root.addEventListener("toggle", () => this.draw());
  }

  draw() {
    const { revision, saved_at } = this.saver.base;
    this.root.hidden = !saved_at;
    if (!this.root.open) this.shown = undefined;
    else if (this.shown !== revision && !this.saver.sending) {
      this.shown = revision;
      this.list.load();
    }
  }
}

// On "Mina reflektioner" they are there to be read. A toggle event does not bubble.
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.open || !target.matches("details.versions[data-question]")) return;
    const account = document.querySelector("nav.side")?.dataset.account;
    new VersionList(account, target.dataset.question, target.querySelector(".list")).load();
  },
  true,
);

const WHO_READS = "din-tanke-om";

class QuestionField {
  constructor(question, saver) {
    this.saver = saver;
    const id = `svar-${question.id.replace("/", "-")}`;
    // Described by what never changes: screen readers say a changed description at once, into one's writing.
    this.area = element("textarea", { id, rows: "4", dir: "auto", "aria-describedby": WHO_READS, spellcheck: "true" });
    this.box = new Box(this.area, (text) => this.take(text));
    this.status = element("p", { class: "status", id: `${id}-status` }); // heard.js says it aloud
    this.left = element("p", { class: "left" });
    this.bare = element("p", { class: "bare", "aria-live": "polite" });
    this.taken = element("p", { class: "taken", "aria-live": "polite" });
    this.full = element("p", { class: "left", "aria-live": "polite" });
    this.takenOut = element("p", { class: "taken-out", "aria-live": "polite" });
    this.versions = new Versions(saver, (text) => this.restore(text));
    this.versions.root.firstChild.setAttribute("aria-label", `Tidigare versioner: ${question.label}`);
    this.choice = element("div", { class: "choice" });
    const label = element("label", { for: id }, question.label);
    this.root = element("div", { class: "question" }, label, this.area, this.status, this.bare, this.left, this.taken);
    this.root.append(this.takenOut, this.full, this.choice, this.versions.root);
    saver.taken = null; // offered on the page where it was deleted
    this.area.addEventListener("blur", () => saver.flush());
    saver.look = (how) => this.box.look(how);
    saver.onChange = () => this.draw();
  }

  /** Another text has come to stand in the box. */
  take(text) {
    const { area, saver } = this;
    saver.type(text);
    this.box.grow();
    this.drawTakenOut();
    if (saver.other) this.drawComparison();
    // One who writes at the end sees that it is saved, too, however far the text has grown.
    const isAtEnd = document.activeElement === area && area.selectionEnd === area.value.length;
    if (isAtEnd) this.status.scrollIntoView({ block: "nearest" });
  }

  receive(saved) {
    this.box.look();
    this.saver.receive(saved, document.activeElement === this.area);
    this.draw();
  }

  draw() {
    const saver = this.saver;
    this.box.look();
    this.box.put(saver.text);
    const words = {
      saved: saver.base.saved_at ? savedAt(saver.base.saved_at) : "Sparas medan du skriver",
      saving: "Sparar…",
      waiting: waiting(saver),
    };
    let said = words[saver.state] ?? `Inte sparat. ${saver.problem}`;
    if (saver.state === "saved" && saver.returned) said += ". Anslutningen är tillbaka.";
    this.drawStatus(said);
    const left = saver.limit - length(saver.text);
    const told = left > TELL_LIMIT ? "" : left < 0 ? `${-left} tecken för mycket` : `${left} tecken kvar`;
    if (this.left.textContent !== told) this.left.textContent = told;
    const bare = saver.kept !== false ? "" : "Den här webbläsaren kan inte hålla kvar text. Stäng inte sidan förrän det står Sparat.";
    if (this.bare.textContent !== bare) this.bare.textContent = bare;
    const full = saver.nearlyFull && saver.state !== "refused" ? "Snart finns det inte plats för fler tidigare versioner. Ta bort dem du inte behöver." : "";
    if (this.full.textContent !== full) this.full.textContent = full;
    this.drawTakenOut();
    this.drawTaken();
    this.drawChoice();
    this.versions.draw();
  }

  look() {
    const { state, base, kept } = this.saver;
    if (state === "saved" && !base.saved_at) return "empty";
    return state === "waiting" && kept && isOffline(this.saver) ? "kept" : state;
  }

  drawStatus(said) {
    this.status.dataset.state = this.look();
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  drawTakenOut() {
    const told = this.box.hasTakenOut ? "Tecken som inte går att spara följde med och är borttagna. Resten står kvar." : "";
    if (this.takenOut.textContent !== told) this.takenOut.textContent = told;
  }

  drawTaken() {
    const offered = this.saver.state === "conflict" ? null : this.saver.taken;
    if (offered === this.offered) return;
    this.offered = offered;
    this.taken.replaceChildren();
    if (offered === null) return;
    const back = element("button", { type: "button", class: "as-link" }, "Återställ texten");
    back.addEventListener("click", () => this.restore(offered));
    this.taken.append(this.saver.isReplaced ? "Texten i rutan byttes ut. " : "Du tog bort mycket text. ", back);
  }

  /** Put an earlier text in place of the one there is: saved like any other, so that it can be undone. */
  restore(text) {
    const { saver } = this;
    saver.isReplaced = saver.setAside(text, (saver.other ?? saver.base).revision);
    saver.taken = saver.isReplaced ? saver.text : null;
    saver.chosen = !same(text, saver.base.text); // what goes by that was not deleted by mistake
    this.box.put(text);
    saver.type(text);
    saver.flush();
    if (saver.other) this.drawComparison();
    this.draw();
    this.area.focus();
  }

  drawChoice() {
    const { other } = this.saver;
    if (other === this.shown) return;
    this.shown = other;
    this.choice.replaceChildren();
    if (!other) return;
    const mine = () => this.saver.text;
    const both = () => `${mine()}\n\n———\n\n${other.text}`;
    const isAlone = other.restored && isBlank(other.text); // nothing to compare with
    const options = other.erased
      ? [["Radera den här också", () => other.text], ["Spara den på nytt", other.text ? both : mine]]
      : isAlone
        ? [["Spara texten", mine], ["Låt svaret vara tomt", () => other.text]]
        : [["Behåll min", mine], ["Behåll den andra", () => other.text], ["Behåll båda", both]];
    const buttons = options.map(([name, text]) => {
      const button = element("button", { type: "button", class: "button" }, name);
      button.addEventListener("click", () => this.choose(text));
      return button;
    });
    const words = element("div", { class: "words", dir: "auto" }, other.text || "(tom)");
    const [title, said] = other.erased
      ? ["Texten i rutan är från tiden innan", "Den finns bara i den här webbläsaren. Vill du ha den kvar?"]
      : isAlone
        ? ["Servern har återställts", "Här finns text som den inte har. Vill du ha den kvar?"]
        : [other.restored ? "Servern har återställts" : "Två texter", ""];
    this.fate = element("p", { class: "when" }, said);
    this.choice.append(element("h3", {}, title), this.fate);
    this.comparison = other.erased || isAlone ? null : element("div", { class: "comparison" });
    if (this.comparison) {
      this.choice.append(this.comparison);
      this.drawComparison();
    } else if (!isBlank(other.text)) this.choice.append(element("p", { class: "when" }, "Efter det har du skrivit:"), words);
    this.choice.append(element("p", { class: "actions" }, ...buttons));
  }

  drawComparison() {
    const { other, writtenAt } = this.saver;
    if (!this.comparison) return;
    const lost = other.restored ? "Här finns text som den inte har. " : "";
    const said = `${lost}${this.whereBothAre()} Det som skiljer dem åt är understruket.`;
    if (this.fate.textContent !== said) this.fate.textContent = said;
    const [mine, theirs] = compare(this.area.value, other.text);
    this.comparison.replaceChildren(
      side("Din text i rutan", joined("Den här enheten", writtenAt && `Skriven ${at(writtenAt)}`), mine),
      side("Den andra texten", joined(other.device_kind, savedAt(other.saved_at)), theirs),
    );
  }

  whereBothAre() {
    const { other, text } = this.saver;
    if (!same(text, other.sent)) return "Det du skriver nu sparas när du har valt.";
    if (!this.saver.isKept) return "Den i rutan finns bara i den här webbläsaren.";
    return other.restored ? "Nu är båda sparade." : "Båda är sparade.";
  }

  choose(chosen) {
    const { other } = this.saver;
    this.saver.look();
    const text = chosen();
    if (!other.erased && !this.saver.isKept && !text.includes(this.saver.text)) this.saver.setAside(text, other.revision);
    this.box.put(text);
    this.saver.choose(text);
    this.area.focus();
  }
}

const joined = (...parts) => parts.filter(Boolean).join(" · ");

/** One of two texts, with what only it has marked. */
function side(title, when, pieces) {
  const words = element("div", { class: "words", dir: "auto" });
  words.append(...pieces.map(([text, differs]) => (differs ? element("mark", {}, text) : text)));
  if (!pieces.length) words.append("(tom)");
  return element("section", {}, element("h4", {}, title), element("p", { class: "when" }, when), words);
}

/** Draw the editors of a theme, or take in a later script run's data. Streamlit calls this at every run. */
function editor({ data, parentElement, setTriggerValue }) {
  let fields = parentElement.visionspratFields;
  if (!fields) {
    left = null;
    const panel = element("section", { class: "think", "aria-labelledby": "din-tanke" });
    panel.append(element("h2", { id: "din-tanke" }, "Din tanke"));
    panel.append(element("p", { class: "mine", id: WHO_READS }, "Bara du kan läsa det du skriver."));
    if (data.hint) panel.append(element("p", { class: "hint" }, data.hint));
    fields = data.questions.map((question) => new QuestionField(question, saverFor(data.account, question.id)));
    panel.append(...fields.map((field) => field.root));
    drafts.keyOf(String(data.account)); // to be there at the first word
    parentElement.append(panel);
    parentElement.visionspratFields = fields;
    resume(data.account); // of tabs closed since the page was loaded, too
  }
  inEpoch(data.account, data.epoch);
  fields.forEach((field, place) => {
    field.saver.limit = data.limit;
    field.saver.onAnswered = (revision) => {
      // Streamlit would run the page that it still shows, in place of the one that has been asked for.
      const isHere = location.pathname === `/${field.saver.question.split("/")[0]}`;
      if (isHere && parentElement.isConnected && location.pathname !== left)
        setTriggerValue("answered", `${field.saver.question} ${revision}`);
    };
    const { text, revision, saved_at } = data.questions[place];
    field.receive({ text, revision, saved_at, epoch: data.epoch });
  });
  return () => fields.forEach((field) => field.saver.flush());
}

window.visionsprat = { ...window.visionsprat, drop, editor, forget, inEpoch, leave, putAway, resume, settle, unsaved, wake };
