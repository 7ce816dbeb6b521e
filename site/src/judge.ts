// The captions and their verdicts: per claim, between two, and on the clip.

import { button, h, key } from "./dom";
import { ClaimRow, press, type Change } from "./claim_row";
import { judgeClaim, MAX_NOTE_CHARS, statusOf, findClaim, type Draft } from "./ratings";
import { counted, plain, shortDigests, untrusted, words } from "./text";
import type { ClaimVerdictName, ClipVerdictName, Item, Preference, Row, Rubric, Text } from "./types";

const CLIP_KEYS: Record<string, string> = { good: "g", flawed: "f", bad: "b" };
const PREFERENCES: readonly [Preference, string, string][] = [
  ["a", "A is better", "8"],
  ["same", "The same", "9"],
  ["b", "B is better", "0"],
];

export interface JudgeHooks {
  change: Change;
  draft: () => Draft;
  /** Show a message, and read it out. */
  say: (text: string) => void;
  /** Read out what can be seen anyway. */
  whisper: (text: string) => void;
  next: () => void;
}

export class Judge {
  readonly element: HTMLElement;
  private readonly rows: ClaimRow[] = [];
  private readonly preferences = new Map<Preference, HTMLButtonElement>();
  private readonly clipVerdicts = new Map<string, HTMLButtonElement>();
  private readonly revealed: [HTMLElement, Text][] = [];
  private readonly note = h("textarea", { id: "note", rows: 2, maxlength: MAX_NOTE_CHARS });
  private readonly nextButton: HTMLButtonElement;
  private current = 0;
  private isNaming = false;

  constructor(
    private readonly item: Item,
    private readonly row: Row,
    private readonly rubric: Rubric,
    private readonly hooks: JudgeHooks,
  ) {
    const captions = item.texts.map((text) => this.makeCaption(text));
    const isPair = captions.length > 1;
    this.nextButton = button("Next", hooks.next, { class: "primary next" });
    this.nextButton.append(key("↵"));
    this.note.addEventListener("input", () => {
      const note = this.note.value;
      hooks.change((draft) => ({ ...draft, note }));
    });
    this.element = h(
      "section",
      { class: isPair ? "judge is-pair" : "judge", "aria-label": "Verdicts" },
      h("div", { class: "captions" }, ...captions),
      isPair && this.makePreference(),
      this.makeClipVerdict(),
      h("label", { class: "field", for: "note" }, "Note", key("t")),
      this.note,
      h("div", { class: "actions" }, this.nextButton),
    );
    this.note.value = hooks.draft().note;
    this.current = Math.max(0, this.firstOpen());
  }

  /** Show what the draft says. */
  update(isRevealed: boolean): void {
    const draft = this.hooks.draft();
    for (const [index, row] of this.rows.entries()) {
      row.update(draft, index === this.current, this.isNaming);
    }
    for (const [name, toggle] of this.preferences) press(toggle, draft.preferred === name);
    for (const [name, toggle] of this.clipVerdicts) press(toggle, draft.clip_verdict === name);
    if (document.activeElement !== this.note) this.note.value = draft.note;
    const isRated = statusOf(draft, this.row) === "rated";
    this.element.classList.toggle("is-rated", isRated);
    this.nextButton.classList.toggle("is-ready", isRated);
    for (const [element, text] of this.revealed) {
      element.hidden = !isRevealed;
      if (isRevealed && element.childElementCount === 0) element.append(...reveal(text));
    }
  }

  /** Go to another claim. */
  move(by: number): void {
    this.isNaming = false;
    this.current = Math.min(this.rows.length - 1, Math.max(0, this.current + by));
    this.rows[this.current]?.element.scrollIntoView({ block: "nearest" });
    this.hooks.change((draft) => draft);
    this.announce();
  }

  /** Judge the current claim; one that is wrong stays, so that one can say why. */
  judge(verdict: ClaimVerdictName): void {
    const row = this.rows[this.current];
    if (row === undefined) return this.hooks.say("This caption has no claims.");
    this.isNaming = false;
    row.judge(verdict);
    this.hooks.whisper(`Claim ${this.current + 1} of ${this.rows.length}: ${words(verdict)}`);
    if (verdict !== "wrong" && this.current < this.rows.length - 1) this.move(1);
  }

  judgeClip(verdict: ClipVerdictName): void {
    const hasWrong = this.hooks.draft().claims.some((claim) => claim.verdict === "wrong");
    this.hooks.change((draft) => {
      const judged = { ...draft, clip_verdict: verdict };
      return verdict === "good" ? this.fillRight(judged) : judged;
    });
    if (verdict === "good" && hasWrong) {
      this.hooks.say("Good, although a claim is wrong: the rubric calls that flawed.");
    } else this.hooks.whisper(`Clip: ${verdict}`);
  }

  prefer(side: Preference): void {
    if (this.preferences.size === 0) return;
    this.hooks.change((draft) => ({ ...draft, preferred: side }));
    this.hooks.whisper(side === "same" ? "Both are the same" : `${side.toUpperCase()} is better`);
  }

  /** Name errors of the current claim by letters until Escape, Enter or `e`. */
  toggleNaming(): void {
    const row = this.rows[this.current];
    if (row === undefined) return;
    if (findClaim(this.hooks.draft(), row.side, row.claim.number)?.verdict !== "wrong") {
      row.judge("wrong");
    }
    this.isNaming = !this.isNaming;
    this.hooks.say(this.isNaming ? "What is wrong? Press letters, then Enter." : "Done");
    this.hooks.change((draft) => draft);
  }

  /** Take a key while errors are being named. */
  take(pressed: string): boolean {
    if (!this.isNaming) return false;
    if (pressed === "Escape" || pressed === "Enter") {
      this.toggleNaming();
      return true;
    }
    return this.rows[this.current]?.nameError(pressed) ?? false;
  }

  cycleSeverity(): void {
    this.rows[this.current]?.cycleSeverity(this.hooks.draft());
  }

  focusNote(): void {
    this.note.focus();
  }

  /** Go to what is missing and say so; returns whether nothing is. */
  isComplete(): boolean {
    const draft = this.hooks.draft();
    const open = this.firstOpen();
    if (open >= 0 && draft.clip_verdict !== null) {
      this.current = open;
      this.move(0);
      this.hooks.say(`Claim ${open + 1} has no verdict yet: press 1, 2 or 3.`);
      return false;
    }
    if (draft.clip_verdict === null) {
      this.hooks.say("The clip has no verdict yet: press g, f or b.");
      return false;
    }
    if (this.preferences.size > 0 && draft.preferred === null) {
      this.hooks.say("Which is better? Press 8, 9 or 0.");
      return false;
    }
    return true;
  }

  private firstOpen(): number {
    const draft = this.hooks.draft();
    return this.rows.findIndex((row) => !findClaim(draft, row.side, row.claim.number));
  }

  private fillRight(draft: Draft): Draft {
    return this.rows
      .filter((row) => findClaim(draft, row.side, row.claim.number) === undefined)
      .reduce((all, row) => judgeClaim(all, row.side, row.claim.number, "right"), draft);
  }

  private announce(): void {
    const row = this.rows[this.current];
    if (row === undefined) return;
    const verdict = findClaim(this.hooks.draft(), row.side, row.claim.number)?.verdict;
    const state = verdict === undefined ? "no verdict" : words(verdict);
    this.hooks.whisper(`Claim ${this.current + 1}, ${state}: ${plain(row.claim.text, 160)}`);
  }

  private makeCaption(text: Text): HTMLElement {
    const isPair = this.item.texts.length > 1;
    const list = h("ol", { class: "claims" });
    for (const claim of text.claims) {
      const index = this.rows.length;
      const row = new ClaimRow(text.side, claim, this.rubric, this.hooks.change, () => {
        if (this.current === index) return;
        this.current = index;
        this.hooks.change((draft) => draft);
      });
      this.rows.push(row);
      list.append(row.element);
    }
    const name = isPair ? `Caption ${text.side.toUpperCase()}` : "Caption";
    const after = h("div", { class: "revealed", hidden: true });
    this.revealed.push([after, text]);
    const whole = h("details", { class: "whole" }, h("summary", {}, "As one text"));
    whole.addEventListener("toggle", () => {
      if (whole.open && whole.childElementCount === 1) whole.append(untrusted(text.text));
    });
    return h(
      "article",
      { class: "caption", "aria-label": name },
      h(
        "h2",
        {},
        name,
        h("span", { class: "quiet" }, ` ${counted(text.claims.length, "claim")}`),
        text.status !== "ok" && h("span", { class: "tag warn" }, plain(text.status, 20)),
      ),
      text.claims.length === 0 ? h("p", { class: "quiet" }, "This caption is empty.") : list,
      whole,
      after,
    );
  }

  private makePreference(): HTMLElement {
    const group = h("div", { class: "choices", role: "group", "aria-label": "Which is better?" });
    for (const [name, label, letter] of PREFERENCES) {
      const toggle = button(label, () => this.prefer(name), { class: "choice" });
      toggle.append(key(letter));
      this.preferences.set(name, toggle);
      group.append(toggle);
    }
    return group;
  }

  private makeClipVerdict(): HTMLElement {
    const group = h("div", { class: "choices", role: "group", "aria-label": "The clip as a whole" });
    for (const term of this.rubric.clip_verdicts) {
      const toggle = button(
        h("strong", {}, term.title),
        () => this.judgeClip(term.name as ClipVerdictName),
        { class: `choice clip ${term.name}` },
      );
      toggle.append(key(CLIP_KEYS[term.name] ?? ""), h("span", { class: "meaning" }, term.meaning));
      this.clipVerdicts.set(term.name, toggle);
      group.append(toggle);
    }
    return group;
  }
}

/** Return who wrote a caption and what it rests on: shown when nothing is left to be swayed. */
function reveal(text: Text): Node[] {
  const facts = h("dl", { class: "facts" });
  for (const fact of text.facts) {
    facts.append(h("dt", {}, plain(words(fact.name), 40)), h("dd", {}, untrusted(fact.value)));
  }
  const whole = text.writer === null ? null : plain(text.writer);
  const by = whole === null ? "Given with the source" : `Written by ${shortDigests(whole)}`;
  return [h("p", { class: "writer", title: whole }, by), ...(text.facts.length > 0 ? [facts] : [])];
}
