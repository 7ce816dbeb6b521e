// The list of items: thousands of them, of which only those in sight are in the document.

import { h } from "./dom";
import { framePicture } from "./picture";
import type { Status } from "./ratings";
import { clock, untrusted, plain, cut } from "./text";
import type { Row } from "./types";

export const ROW_PX = 68;
const OVERSCAN = 6;
const MARKS: Record<string, string> = { started: "…", good: "✓", flawed: "~", bad: "✕" };

export interface RowState {
  status: Status;
  verdict: string | null;
}

export class List {
  readonly element: HTMLElement;
  private readonly space = h("div", { class: "list-space" });
  private readonly nodes = new Map<number, HTMLElement>();
  private shown: readonly number[] = [];
  private active = 0;
  private selected = -1;

  constructor(
    private readonly rows: readonly Row[],
    private readonly stateOf: (row: Row) => RowState,
    private readonly open: (index: number) => void,
  ) {
    this.element = h(
      "div",
      { class: "list", role: "listbox", tabindex: 0, "aria-label": "Items" },
      this.space,
    );
    this.element.addEventListener("scroll", () => this.render(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.onKey(event));
    this.element.addEventListener("focus", () => this.reveal(this.active));
    new ResizeObserver(() => this.render()).observe(this.element);
  }

  /** Show these places of the audit, in this order. */
  show(shown: readonly number[]): void {
    this.shown = shown;
    this.space.style.setProperty("height", `${shown.length * ROW_PX}px`);
    this.clear();
    this.active = Math.max(0, shown.indexOf(this.selected));
    this.render();
  }

  /** Mark the item that is open, and bring it into sight. */
  select(index: number): void {
    this.selected = index;
    const at = this.shown.indexOf(index);
    this.clear();
    if (at >= 0) {
      this.active = at;
      this.reveal(at);
    }
    this.render();
  }

  /** Draw an item anew because its state changed. */
  refresh(): void {
    this.clear();
    this.render();
  }

  focus(): void {
    this.element.focus();
  }

  private clear(): void {
    for (const node of this.nodes.values()) node.remove();
    this.nodes.clear();
  }

  private render(): void {
    const { scrollTop, clientHeight } = this.element;
    const first = Math.max(0, Math.floor(scrollTop / ROW_PX) - OVERSCAN);
    const last = Math.min(
      this.shown.length,
      Math.ceil((scrollTop + clientHeight) / ROW_PX) + OVERSCAN,
    );
    for (const [at, node] of this.nodes) {
      if (at >= first && at < last) continue;
      node.remove();
      this.nodes.delete(at);
    }
    for (let at = first; at < last; at += 1) {
      if (!this.nodes.has(at)) this.add(at);
    }
    this.markActive();
  }

  private add(at: number): void {
    const index = this.shown[at];
    const row = index === undefined ? undefined : this.rows[index];
    if (index === undefined || row === undefined) return;
    const { status, verdict } = this.stateOf(row);
    const isSelected = index === this.selected;
    const said = verdict ?? (status === "open" ? "not begun" : "begun");
    const node = h(
      "div",
      {
        class: `row is-${status}`,
        id: `row-${at}`,
        role: "option",
        "aria-selected": String(isSelected),
        "aria-posinset": at + 1,
        "aria-setsize": this.shown.length,
        "data-verdict": verdict,
      },
      framePicture(row.sheet, 0, "row-frame"),
      h(
        "div",
        { class: "row-text" },
        h("div", { class: "row-title" }, untrusted(plain(row.title, 80))),
        h("div", { class: "row-excerpt" }, untrusted(cut(row.excerpt, 120))),
        h(
          "div",
          { class: "row-facts" },
          `${index + 1} · ${clock(row.end_us - row.start_us)}`,
          row.language === null ? null : ` · ${plain(row.language, 12)}`,
          row.has_media ? null : " · sheet only",
          h("span", { class: status === "open" ? "unseen" : "row-verdict" }, ` · ${said}`),
        ),
      ),
      h("span", { class: "row-mark", "aria-hidden": "true" }, MARKS[verdict ?? status] ?? ""),
    );
    node.style.setProperty("top", `${at * ROW_PX}px`);
    node.addEventListener("click", () => this.open(index));
    this.nodes.set(at, node);
    this.space.append(node);
  }

  private markActive(): void {
    for (const [at, node] of this.nodes) node.classList.toggle("is-active", at === this.active);
    if (this.nodes.has(this.active)) {
      this.element.setAttribute("aria-activedescendant", `row-${this.active}`);
    } else this.element.removeAttribute("aria-activedescendant");
  }

  private reveal(at: number): void {
    const top = at * ROW_PX;
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + ROW_PX > scrollTop + clientHeight) {
      this.element.scrollTop = top + ROW_PX - clientHeight;
    }
  }

  private onKey(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_PX) - 1);
    const last = this.shown.length - 1;
    const targets: Record<string, number> = {
      ArrowDown: this.active + 1,
      ArrowUp: this.active - 1,
      PageDown: this.active + page,
      PageUp: this.active - page,
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    const index = this.shown[this.active];
    if (target !== undefined) {
      this.active = Math.min(last, Math.max(0, target));
      this.reveal(this.active);
      this.render();
    } else if ((event.key === "Enter" || event.key === " ") && index !== undefined) {
      this.open(index);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
