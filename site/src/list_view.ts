// The list with its filters.

import { h } from "./dom";
import { NO_FILTER, select, SHOWN, SORTS, valuesOf, type Filter, type Sort } from "./filter";
import { List } from "./list";
import type { Store } from "./store";
import { counted, plain } from "./text";
import type { Audit } from "./types";

export class ListView {
  readonly element: HTMLElement;
  readonly list: List;
  /** Places in the audit, in the order in which they are listed. */
  shown: number[] = [];
  private readonly filter: Filter = { ...NO_FILTER };
  private readonly search = h("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": "Search titles and captions",
    maxlength: 200,
  });
  private readonly count = h("p", { class: "quiet list-count", "aria-live": "polite" });
  private pending = 0;

  constructor(
    private readonly audit: Audit,
    private readonly store: Store,
    open: (index: number) => void,
  ) {
    this.list = new List(
      audit.rows,
      (row) => ({ status: store.statusOf(row), verdict: store.draftOf(row.item_id).clip_verdict }),
      open,
    );
    this.search.addEventListener("input", () => {
      this.filter.query = this.search.value;
      this.later();
    });
    this.element = h(
      "nav",
      { class: "list-panel", "aria-label": "Items", id: "list" },
      h("div", { class: "filters" }, this.search, ...this.selects()),
      this.count,
      this.list.element,
    );
    store.subscribe(() => this.list.refresh());
    this.update();
  }

  /** Apply the filter anew. */
  update(): void {
    this.shown = select(
      this.audit.rows,
      this.filter,
      (row) => this.store.draftOf(row.item_id),
      (row) => this.store.statusOf(row),
    );
    const all = counted(this.audit.rows.length, "item");
    const count = this.shown.length;
    this.count.textContent = count === this.audit.rows.length ? all : `${count.toLocaleString("en")} of ${all}`;
    this.list.show(this.shown);
  }

  focusSearch(): void {
    this.search.focus();
    this.search.select();
  }

  private later(): void {
    window.clearTimeout(this.pending);
    this.pending = window.setTimeout(() => this.update(), 120);
  }

  private selects(): HTMLElement[] {
    const { rows } = this.audit;
    const groups = valuesOf(rows, (row) => row.group);
    const languages = valuesOf(rows, (row) => row.language);
    const made = [
      this.select("Show", SHOWN, (value) => (this.filter.shown = value)),
      this.select("Sort", SORTS, (value) => (this.filter.sort = value as Sort)),
    ];
    if (groups.length > 1) made.push(this.select("Group", choices("All groups", groups), (v) => (this.filter.group = v)));
    if (languages.length > 1) {
      made.push(this.select("Language", choices("All languages", languages), (v) => (this.filter.language = v)));
    }
    return made;
  }

  private select(
    label: string,
    options: readonly (readonly [string, string])[],
    set: (value: string) => void,
  ): HTMLElement {
    const element = h("select", { "aria-label": label });
    for (const [value, text] of options) element.append(h("option", { value }, plain(text, 60)));
    element.addEventListener("change", () => {
      set(element.value);
      this.update();
    });
    return element;
  }
}

function choices(all: string, values: readonly string[]): [string, string][] {
  return [["", all], ...values.map((value): [string, string] => [value, value])];
}
