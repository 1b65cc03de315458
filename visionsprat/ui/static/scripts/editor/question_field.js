import { isOffline, waiting } from "../saving/reasons.js";
import { compare } from "../text/difference.js";
import { isBlank, length, same } from "../text/rules.js";
import { at, savedAt } from "../text/times.js";
import { Box } from "./box.js";
import { element, joined } from "./element.js";
import { Versions } from "./versions.js";

const TELL_LIMIT = 1000; // characters left when the limit is first told
export const WHO_READS = "din-tanke-om";

export class QuestionField {
  constructor(question, saver) {
    this.saver = saver;
    const id = `svar-${question.id.replace("/", "-")}`;
    // Described by what never changes: screen readers say a changed description at once, into one's writing.
    this.area = element("textarea", { id, rows: "4", dir: "auto", "aria-describedby": WHO_READS, spellcheck: "true" });
    this.box = new Box(this.area, (text) => this.take(text));
    this.status = element("p", { class: "status", id: `${id}-status` }); // announce/saving.js says it aloud
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
    const bare =
      saver.kept !== false
        ? ""
        : "Den här webbläsaren kan inte hålla kvar text. Stäng inte sidan förrän det står Sparat.";
    if (this.bare.textContent !== bare) this.bare.textContent = bare;
    const full =
      saver.nearlyFull && saver.state !== "refused"
        ? "Snart finns det inte plats för fler tidigare versioner. Ta bort dem du inte behöver."
        : "";
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
    const told = this.box.hasTakenOut
      ? "Tecken som inte går att spara följde med och är borttagna. Resten står kvar."
      : "";
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
      ? [
          ["Radera den här också", () => other.text],
          ["Spara den på nytt", other.text ? both : mine],
        ]
      : isAlone
        ? [
            ["Spara texten", mine],
            ["Låt svaret vara tomt", () => other.text],
          ]
        : [
            ["Behåll min", mine],
            ["Behåll den andra", () => other.text],
            ["Behåll båda", both],
          ];
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
    } else if (!isBlank(other.text))
      this.choice.append(element("p", { class: "when" }, "Efter det har du skrivit:"), words);
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
    if (!other.erased && !this.saver.isKept && !text.includes(this.saver.text))
      this.saver.setAside(text, other.revision);
    this.box.put(text);
    this.saver.choose(text);
    this.area.focus();
  }
}

/** One of two texts, with what only it has marked. */
function side(title, when, pieces) {
  const words = element("div", { class: "words", dir: "auto" });
  words.append(...pieces.map(([text, differs]) => (differs ? element("mark", {}, text) : text)));
  if (!pieces.length) words.append("(tom)");
  return element("section", {}, element("h4", {}, title), element("p", { class: "when" }, when), words);
}
