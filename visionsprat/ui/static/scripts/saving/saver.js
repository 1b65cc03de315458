// A Saver keeps one question's text for one account. It outlives the page it was shown on, so that a
// text on its way is seen to arrive when the person has already walked on.

import { noteStatus } from "../session/refusals.js";
import { MOST_CHARACTERS, contains, isBlank, length, same, storable } from "../text/rules.js";
import * as drafts from "./drafts.js";
import { post } from "./post.js";
import { REFUSED } from "./reasons.js";
import { tellSettled } from "./savers.js";

const PAUSE = 700; // ms of rest before a save ...
const SHORT_PAUSE = 300; // ... where the text can't be kept in the browser meanwhile ...
const LONGEST = 1500; // ... and the longest that typing goes on without one
const RETRY_FIRST = 1000;
const RETRY_LAST = 30000;
const LONGEST_PAUSE = 30; // s that the server may ask for
const UNANSWERED = 4; // how many sent texts are remembered until one is acknowledged

export class Saver {
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
    drafts.noteKnown(account, {
      question,
      text,
      based_on: revision,
      epoch,
      unanswered: [],
      written_at: saved_at,
      adds: true,
    });
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
    noteStatus(this.account, status);
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
    if (saved.deleted && !this.chosen) [this.taken, this.isReplaced] = [saved.deleted, false];
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
