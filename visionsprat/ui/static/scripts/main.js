// The browser's side, in the order in which it has to be there: before Streamlit's own script, which looks for some
// of it. What Streamlit's components call (ui/editor.py), and what is called by hand, stands on window.visionsprat.

import "./shell/streamlit.js";
import { ask, ended } from "./session/session.js";
import "./saving/leaving.js";
import "./shell/walking.js";
import "./shell/input_limit.js";
import "./shell/observer.js";
import { editor } from "./editor/editor.js";
import "./announce/observer.js";
import "./shell/autofill.js";
import { forget, resume, wake } from "./saving/account_texts.js";
import * as disk from "./saving/disk.js";
import * as drafts from "./saving/drafts.js";
import { unsaved } from "./saving/savers.js";

window.visionsprat = { ask, disk, drafts, editor, ended, forget, resume, unsaved, wake };
