import * as answers from "../saving/answers.js";
import { at } from "../text/times.js";
import { element, joined } from "./element.js";

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
    const told = element(
      "p",
      { class: "when", role: "status" },
      "Det finns snart inte plats för fler tidigare versioner.",
    );
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
export class Versions {
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
