// The place to think: a <textarea> a question, saved to the server while one writes.

import { inEpoch, resume, saverFor } from "../saving/account_texts.js";
import * as drafts from "../saving/drafts.js";
import { element } from "./element.js";
import { QuestionField, WHO_READS } from "./question_field.js";

let left = null; // the address that is being left, while it is still the page's own

/** The page is being left: no save may ask for a run of it any more. */
export function leave() {
  left = location.pathname;
}

/** Draw the editors of a theme, or take in a later script run's data. Streamlit calls this at every run. */
export function editor({ data, parentElement, setTriggerValue }) {
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
