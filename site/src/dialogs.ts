// What opens over the page: the start, the rubric, the keys, the end.

import { button, h, key, type Child } from "./dom";
import type { Keyboard } from "./keyboard";
import { counted, untrusted } from "./text";
import type { Audit, Rubric, Term } from "./types";

/** Open a dialog; it closes by Escape or its button, and is gone then. */
function open(title: string, className: string, ...children: Child[]): HTMLDialogElement {
  const close = button("Close", () => dialog.close(), { class: "close" });
  close.append(key("esc"));
  const dialog = h(
    "dialog",
    { class: className, "aria-label": title },
    h("header", {}, h("h2", {}, title), close),
    ...children,
  );
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Show the rules of judging. */
export function openRubric(rubric: Rubric): void {
  open("How to judge", "rubric", ...rubricParts(rubric));
}

function rubricParts(rubric: Rubric): HTMLElement[] {
  return [
    ...rubric.introduction.map((paragraph) => h("p", {}, paragraph)),
    h("h3", {}, "A claim"),
    termList(rubric.claim_verdicts),
    h("h3", {}, "The clip as a whole"),
    termList(rubric.clip_verdicts),
    h("h3", {}, "What may be wrong"),
    termList(rubric.error_types),
    h("h3", {}, "How bad it is"),
    termList(rubric.severities),
  ];
}

function termList(terms: readonly Term[]): HTMLElement {
  const list = h("dl", { class: "facts terms" });
  for (const term of terms) list.append(h("dt", {}, term.title), h("dd", {}, term.meaning));
  return list;
}

/** Show all keys, and let them be switched off. */
export function openKeys(keyboard: Keyboard, onToggle: (isEnabled: boolean) => void): void {
  const groups = new Map<string, HTMLElement>();
  for (const binding of keyboard.bindings) {
    const list = groups.get(binding.group) ?? h("dl", { class: "facts keys" });
    groups.set(binding.group, list);
    const keys = binding.shown.split(" ").map((name) => h("kbd", {}, name));
    list.append(h("dt", {}, ...keys), h("dd", {}, binding.label));
  }
  const parts = [...groups].map(([name, list]) => h("section", {}, h("h3", {}, name), list));
  const toggle = h("input", { type: "checkbox", id: "keys-on", checked: keyboard.isEnabled });
  toggle.addEventListener("change", () => onToggle(toggle.checked));
  open(
    "Keys",
    "keys-help",
    h("div", { class: "key-groups" }, ...parts),
    h("label", { class: "switch", for: "keys-on" }, toggle, "Single letters are shortcuts"),
  );
}

/** Ask who judges; the rules stand beside it. */
export function openStart(audit: Audit, name: string, begin: (name: string) => void): void {
  const input = h("input", {
    id: "rater",
    type: "text",
    required: true,
    maxlength: 80,
    autocomplete: "off",
    value: name,
  });
  const form = h(
    "form",
    { method: "dialog", class: "start-form" },
    h("label", { for: "rater" }, "Your name, or a pseudonym"),
    h("div", { class: "line" }, input, h("button", { type: "submit", class: "primary" }, "Begin", key("↵"))),
    h(
      "p",
      { class: "quiet" },
      "It goes into your ratings file and nowhere else. Verdicts are saved in this browser as you ",
      "make them; come back under the same name to go on.",
    ),
  );
  const dialog = open(
    "Welcome",
    "start",
    h("p", {}, `${counted(audit.rows.length, "item")} of `, untrusted(audit.title), " to judge."),
    form,
    h("details", { open: true }, h("summary", {}, "How to judge"), ...rubricParts(audit.rubric)),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim() === "") return;
    begin(input.value);
    dialog.close();
  });
  input.focus();
}

/** Say that everything is rated. */
export function openFinish(count: number, download: () => void): void {
  const save = button("Download ratings", download, { class: "primary" });
  save.append(key("d"));
  open(
    "All done",
    "end",
    h("p", {}, count === 1 ? "The one item is rated. Thank you." : `All ${counted(count, "item")} are rated. Thank you.`),
    h("p", {}, "Download your ratings and hand the file to whoever made this audit."),
    save,
  );
  save.focus();
}
