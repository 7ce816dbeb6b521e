// Keys to actions. One table serves the keys, the help and the hints on buttons.

export interface Binding {
  /** As in `KeyboardEvent.key`; letters in lower case. */
  keys: readonly string[];
  /** As the help shows them. */
  shown: string;
  label: string;
  group: string;
  run: () => void;
}

/** A layer above the table: it sees a key first and says whether it took it. */
export type Layer = (key: string) => boolean;

export class Keyboard {
  /** Off for those who use speech input or a screen reader's own letters (WCAG 2.1.4). */
  isEnabled = true;
  layer: Layer | null = null;
  private readonly actions = new Map<string, () => void>();

  constructor(readonly bindings: readonly Binding[]) {
    for (const binding of bindings) for (const key of binding.keys) this.actions.set(key, binding.run);
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  private onKey(event: KeyboardEvent): void {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = event.target instanceof Element ? event.target : document.body;
    const dialog = document.querySelector("dialog[open]");
    // The end offers what `d` does, and shows its key.
    if (dialog !== null && !(key === "d" && dialog.matches(".end"))) return;
    if (target.matches("input, textarea, select")) {
      const isDone = key === "Escape" || (key === "Enter" && (event.ctrlKey || event.metaKey));
      if (isDone && target instanceof HTMLElement) target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // A button that has the focus is pressed by these, as everywhere.
    const isPress = (key === "Enter" || key === " ") && target.matches("button, a, summary, label");
    if (isPress) return;
    if (!this.isEnabled && key.length === 1) return;
    if (this.layer?.(key) === true) {
      event.preventDefault();
      return;
    }
    // Where digits need Shift, as on French keyboards, the key itself counts.
    const digit = /^Digit(\d)$/.exec(event.code)?.[1] ?? "";
    const action = this.actions.get(key) ?? this.actions.get(digit);
    if (action === undefined) return;
    event.preventDefault();
    action();
  }
}

/** Give each title a letter of its own, by its first letters where they are free. */
export function lettersFor(titles: readonly string[]): string[] {
  const taken = new Set<string>();
  return titles.map((title) => {
    const candidates = [...title.toLowerCase().replace(/[^a-z]/g, ""), ..."abcdefghijklmnopqrstuvwxyz"];
    const letter = candidates.find((candidate) => !taken.has(candidate)) ?? "";
    taken.add(letter);
    return letter;
  });
}
