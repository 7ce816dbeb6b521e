// One claim under judgement: its text, three verdicts, and what is wrong about it.

import { button, h, key } from "./dom";
import { findClaim, judgeClaim, setSeverity, toggleError, type Draft } from "./ratings";
import { lettersFor } from "./keyboard";
import { untrusted } from "./text";
import type { Claim, ClaimVerdictName, Rubric, Side } from "./types";

const SIGNS: Record<string, string> = { right: "✓", wrong: "✕", cannot_tell: "?" };

export type Change = (by: (draft: Draft) => Draft) => void;

export class ClaimRow {
  readonly element: HTMLElement;
  private readonly verdicts = new Map<string, HTMLButtonElement>();
  private readonly errors = new Map<string, HTMLButtonElement>();
  private readonly severities = new Map<string, HTMLButtonElement>();
  private readonly letters = new Map<string, string>();
  private readonly detail: HTMLElement;

  constructor(
    readonly side: Side,
    readonly claim: Claim,
    rubric: Rubric,
    private readonly change: Change,
    onFocus: () => void,
  ) {
    const label = `Claim ${claim.number + 1}`;
    const verdicts = h("div", { class: "verdicts", role: "group", "aria-label": `${label}: verdict` });
    for (const [index, term] of rubric.claim_verdicts.entries()) {
      const toggle = button(
        h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[term.name] ?? ""),
        () => this.judge(term.name as ClaimVerdictName),
        { class: `verdict ${term.name}`, title: `${term.title} (${index + 1}): ${term.meaning}` },
      );
      toggle.append(h("span", { class: "verdict-label" }, term.title));
      this.verdicts.set(term.name, toggle);
      verdicts.append(toggle);
    }
    this.detail = this.makeDetail(rubric, label);
    this.element = h(
      "li",
      { class: "claim" },
      h("div", { class: "claim-text" }, untrusted(claim.text)),
      verdicts,
      this.detail,
    );
    this.element.addEventListener("pointerdown", onFocus);
    this.element.addEventListener("focusin", onFocus);
  }

  judge(verdict: ClaimVerdictName): void {
    this.change((draft) => judgeClaim(draft, this.side, this.claim.number, verdict));
  }

  /** Take a key while errors are being named: a letter an error, a digit how bad. */
  nameError(pressed: string): boolean {
    const { side, claim } = this;
    const name = this.letters.get(pressed);
    if (name !== undefined) {
      this.change((draft) => toggleError(draft, side, claim.number, name));
      return true;
    }
    if (!this.severities.has(pressed)) return false;
    this.change((draft) => setSeverity(draft, side, claim.number, Number(pressed)));
    return true;
  }

  cycleSeverity(draft: Draft): void {
    const now = findClaim(draft, this.side, this.claim.number)?.severity ?? 0;
    const level = now === 3 ? 3 : now + 1; // the same again takes it away
    this.change((before) => setSeverity(before, this.side, this.claim.number, level));
  }

  /** Show what a draft says. */
  update(draft: Draft, isCurrent: boolean, isNaming: boolean): void {
    const judged = findClaim(draft, this.side, this.claim.number);
    for (const [name, toggle] of this.verdicts) press(toggle, judged?.verdict === name);
    for (const [name, toggle] of this.errors) {
      press(toggle, judged?.error_types.includes(name) ?? false);
    }
    for (const [name, toggle] of this.severities) press(toggle, String(judged?.severity) === name);
    this.detail.hidden = judged?.verdict !== "wrong";
    this.element.dataset["verdict"] = judged?.verdict ?? "";
    this.element.classList.toggle("is-current", isCurrent);
    this.element.classList.toggle("is-naming", isCurrent && isNaming);
    if (isCurrent) this.element.setAttribute("aria-current", "true");
    else this.element.removeAttribute("aria-current");
  }

  private makeDetail(rubric: Rubric, label: string): HTMLElement {
    const letters = lettersFor(rubric.error_types.map((term) => term.title));
    const types = h("div", { class: "chips", role: "group", "aria-label": `${label}: what is wrong` });
    for (const [index, term] of rubric.error_types.entries()) {
      const letter = letters[index] ?? "";
      const change = (draft: Draft): Draft =>
        toggleError(draft, this.side, this.claim.number, term.name);
      const chip = button(term.title, () => this.change(change), {
        class: "chip",
        title: term.meaning,
      });
      chip.prepend(key(letter));
      this.letters.set(letter, term.name);
      this.errors.set(term.name, chip);
      types.append(chip);
    }
    const severities = h("div", { class: "chips", role: "group", "aria-label": `${label}: how bad` });
    for (const term of rubric.severities) {
      const change = (draft: Draft): Draft =>
        setSeverity(draft, this.side, this.claim.number, Number(term.name));
      const chip = button(term.title, () => this.change(change), {
        class: "chip severity",
        title: term.meaning,
      });
      chip.prepend(key(term.name));
      this.severities.set(term.name, chip);
      severities.append(chip);
    }
    return h("div", { class: "claim-detail", hidden: true }, types, severities);
  }
}

/** Show a toggle as pressed or not. */
export function press(toggle: HTMLButtonElement, isPressed: boolean): void {
  toggle.setAttribute("aria-pressed", String(isPressed));
}
