// The review page: which item is open, what the keys do, and how ratings come and go.

import { loadAudit, loadItem } from "./data";
import { openFinish, openKeys, openRubric, openStart } from "./dialogs";
import { button, h, key } from "./dom";
import { downloadRatings, pickRatings } from "./files";
import { ItemView } from "./item_view";
import { Keyboard, type Binding } from "./keyboard";
import { ListView } from "./list_view";
import { Store } from "./store";
import { counted, plain } from "./text";
import type { Audit } from "./types";

const SAID_MS = 6000;

class App {
  private readonly store: Store;
  private readonly list: ListView;
  private readonly keyboard: Keyboard;
  private readonly main = h("main", { id: "main", class: "main", tabindex: -1 });
  private readonly status = h("div", { class: "status", role: "status", "aria-live": "polite" });
  private readonly trouble = h("p", { class: "trouble", role: "alert", hidden: true });
  private readonly meter = h("progress", { max: 1, value: 0, "aria-label": "Rated" });
  private readonly count = h("span", { class: "count" });
  private readonly rater: HTMLButtonElement;
  private view: ItemView | null = null;
  private index = -1;
  private silence = 0;

  constructor(private readonly audit: Audit) {
    this.store = new Store(audit);
    this.list = new ListView(audit, this.store, (index) => this.open(index));
    this.keyboard = new Keyboard(this.bindings());
    this.keyboard.isEnabled = this.store.read("keys") !== "off";
    this.keyboard.layer = (pressed) => this.view?.judge.take(pressed) ?? false;
    this.rater = button("", () => this.start(), { class: "rater", title: "Who judges" });
    document.body.append(this.makeHeader(), this.trouble, this.list.element, this.main, this.status);
    this.store.subscribe(() => this.update());
    window.addEventListener("hashchange", () => this.followHash());
    window.addEventListener("pagehide", () => this.keepTime());
    window.addEventListener("beforeunload", (event) => {
      if (this.store.trouble !== null && this.store.countRated() > 0) event.preventDefault();
    });
    this.update();
    if (!this.followHash()) this.open(this.firstToDo(), false);
    if (this.store.rater === "") this.start();
  }

  private makeHeader(): HTMLElement {
    const { audit } = this;
    const version = `version ${audit.dataset_version}${audit.view === null ? "" : `, ${plain(audit.view, 40)}`}`;
    return h(
      "header",
      { class: "top" },
      h("a", { class: "skip", href: "#main" }, "To the clip"),
      h("strong", { class: "brand", dir: "auto", title: version }, plain(audit.title, 60)),
      h("span", { class: "quiet version" }, version),
      this.meter,
      this.count,
      h("span", { class: "spacer" }),
      this.rater,
      withKey(button("Rubric", () => openRubric(audit.rubric)), "r"),
      withKey(button("Keys", () => this.showKeys()), "?"),
      button("Import", () => this.importRatings(), { title: "Go on from a ratings file" }),
      withKey(button("Download", () => this.download(), { class: "primary" }), "d"),
    );
  }

  private bindings(): Binding[] {
    const judge = (): ItemView["judge"] | undefined => this.view?.judge;
    const player = (): ItemView["player"] | undefined => this.view?.player;
    const bind = (group: string, keys: string, shown: string, label: string, run: () => void): Binding => ({
      group,
      keys: keys === " " ? [" "] : keys.split(" "),
      shown,
      label,
      run,
    });
    return [
      bind("Verdicts", "1", "1", "The claim is right; on to the next", () => judge()?.judge("right")),
      bind("Verdicts", "2", "2", "The claim is wrong", () => judge()?.judge("wrong")),
      bind("Verdicts", "3", "3", "Cannot tell; on to the next", () => judge()?.judge("cannot_tell")),
      bind("Verdicts", "ArrowDown j", "↓ j", "Next claim", () => judge()?.move(1)),
      bind("Verdicts", "ArrowUp k", "↑ k", "Claim before", () => judge()?.move(-1)),
      bind("Verdicts", "e", "e", "Say what is wrong, by letters", () => judge()?.toggleNaming()),
      bind("Verdicts", "s", "s", "How bad: 1, 2, 3, none", () => judge()?.cycleSeverity()),
      bind("Verdicts", "g", "g", "Good; claims without a verdict are right", () => judge()?.judgeClip("good")),
      bind("Verdicts", "f", "f", "Flawed", () => judge()?.judgeClip("flawed")),
      bind("Verdicts", "b", "b", "Bad", () => judge()?.judgeClip("bad")),
      bind("Verdicts", "8 [", "8", "Caption A is better", () => judge()?.prefer("a")),
      bind("Verdicts", "0 ]", "0", "Caption B is better", () => judge()?.prefer("b")),
      bind("Verdicts", "9 =", "9", "Both are the same", () => judge()?.prefer("same")),
      bind("Verdicts", "t", "t", "Write a note; Escape leaves it", () => judge()?.focusNote()),
      bind("Verdicts", "u", "u", "Take back", () => this.undo()),
      bind("Items", "Enter", "Enter", "Done: next item to do", () => this.next()),
      bind("Items", "n", "n", "Next in the list", () => this.step(1)),
      bind("Items", "p", "p", "Previous in the list", () => this.step(-1)),
      bind("Items", "l", "l", "To the list", () => this.list.list.focus()),
      bind("Items", "/", "/", "Search", () => this.list.focusSearch()),
      bind("Clip", " ", "Space", "Play or pause", () => player()?.toggle()),
      bind("Clip", "h", "h", "From the start", () => player()?.replay()),
      bind("Clip", "ArrowLeft", "←", "One second back", () => player()?.skip(-1_000_000)),
      bind("Clip", "ArrowRight", "→", "One second on", () => player()?.skip(1_000_000)),
      bind("Clip", ", <", ",", "A frame back", () => player()?.step(-1)),
      bind("Clip", ". >", ".", "A frame on", () => player()?.step(1)),
      bind("Clip", "v", "v", "Speed", () => player()?.cycleRate()),
      bind("Clip", "m", "m", "Sound on or off", () => player()?.toggleMuted()),
      bind("Clip", "o", "o", "Again and again", () => player()?.toggleLoop()),
      bind("Page", "r", "r", "The rubric", () => openRubric(this.audit.rubric)),
      bind("Page", "?", "?", "These keys", () => this.showKeys()),
      bind("Page", "d", "d", "Download ratings", () => this.download()),
    ];
  }

  private open(index: number, isPlayed = true): void {
    const row = this.audit.rows[index];
    if (row === undefined) return;
    if (index === this.index) return this.view?.focus();
    this.keepTime();
    this.index = index;
    this.store.write("last", row.item_id);
    history.replaceState(null, "", `#${encodeURIComponent(row.item_id)}`);
    this.list.list.select(index);
    this.load(index, isPlayed).catch((error: unknown) => this.fail(error));
  }

  private async load(index: number, isPlayed: boolean): Promise<void> {
    const row = this.audit.rows[index];
    const item = await loadItem(this.audit, index);
    if (row === undefined || index !== this.index) return; // another one was opened meanwhile
    this.view?.dispose();
    const view = new ItemView(this.audit, index, row, item, {
      change: (by) => {
        if (this.store.rater === "") return this.start();
        this.keepTime();
        this.store.change(row.item_id, by);
        this.update();
      },
      draft: () => this.store.draftOf(row.item_id),
      say: (text) => this.say(text),
      whisper: (text) => this.say(text, false),
      next: () => this.next(),
    });
    this.view = view;
    this.main.replaceChildren(view.element);
    this.update();
    view.focus();
    // Who asks for less motion starts clips by hand.
    const isStill = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (isPlayed && !isStill) view.player.play();
    // So that the next one opens at once.
    loadItem(this.audit, Math.min(index + 1, this.audit.rows.length - 1)).catch(() => undefined);
  }

  private update(): void {
    const { rows } = this.audit;
    const rated = this.store.countRated();
    this.meter.value = rows.length === 0 ? 1 : rated / rows.length;
    this.count.textContent = `${rated} of ${rows.length} rated`;
    this.rater.textContent = this.store.rater === "" ? "Who are you?" : plain(this.store.rater, 24);
    this.trouble.hidden = this.store.trouble === null;
    const trouble = `Not saved: ${this.store.trouble ?? ""}. Download your ratings before you close this page.`;
    if (this.store.trouble !== null && this.trouble.textContent !== trouble) this.trouble.textContent = trouble;
    const row = rows[this.index];
    if (this.view === null || row === undefined) return;
    // With two captions names would teach whose style is whose, so that they wait for the end.
    const isRated = this.store.statusOf(row) === "rated";
    this.view.judge.update(isRated && (row.num_texts < 2 || rated === rows.length));
  }

  private next(): void {
    if (this.view === null || !this.view.judge.isComplete()) return;
    const index = this.firstToDo(this.index + 1);
    if (this.store.countRated() === this.audit.rows.length) {
      openFinish(this.audit.rows.length, () => this.download());
    } else this.open(index);
  }

  /** Return the first item to do from a place on, in the order of the list, then in all. */
  private firstToDo(from = 0): number {
    const isToDo = (index: number): boolean => {
      const row = this.audit.rows[index];
      return row !== undefined && this.store.statusOf(row) !== "rated";
    };
    const at = Math.max(0, this.list.shown.indexOf(from - 1) + (from > 0 ? 1 : 0));
    const listed = [...this.list.shown.slice(at), ...this.list.shown.slice(0, at)];
    return listed.find(isToDo) ?? Math.max(0, this.audit.rows.findIndex((_, index) => isToDo(index)));
  }

  private step(by: number): void {
    const at = this.list.shown.indexOf(this.index);
    const target = this.list.shown[at < 0 ? 0 : at + by];
    if (target !== undefined) this.open(target);
  }

  private undo(): void {
    const item_id = this.store.undo();
    if (item_id === null) return this.say("There is nothing to take back.");
    this.open(this.audit.rows.findIndex((row) => row.item_id === item_id), false);
    this.say("Taken back.");
  }

  private followHash(): boolean {
    const item_id = decodeHash(location.hash) || this.store.read("last");
    const index = this.audit.rows.findIndex((row) => row.item_id === item_id);
    if (index < 0) return false;
    this.open(index, false);
    return true;
  }

  private start(): void {
    openStart(this.audit, this.store.rater, (name) => {
      this.store.setRater(name);
      this.index = -1;
      this.open(this.firstToDo(), false);
    });
  }

  private download(): void {
    const count = downloadRatings(this.audit, this.store);
    this.say(count === 0 ? "Nothing is rated yet." : `${counted(count, "rating")} downloaded.`);
  }

  private importRatings(): void {
    pickRatings(this.audit, this.store)
      .then((text) => this.say(text))
      .catch((error: unknown) => this.fail(error));
  }

  private showKeys(): void {
    openKeys(this.keyboard, (isEnabled) => {
      this.keyboard.isEnabled = isEnabled;
      this.store.write("keys", isEnabled ? "on" : "off");
    });
  }

  private keepTime(): void {
    const row = this.audit.rows[this.index];
    if (this.view === null || row === undefined) return;
    const seconds = this.view.takeSeconds();
    if (seconds >= 0.05) this.store.addSeconds(row.item_id, seconds);
  }

  private say(text: string, isSeen = true): void {
    window.clearTimeout(this.silence);
    this.status.textContent = text;
    this.status.classList.toggle("unseen", !isSeen);
    this.silence = window.setTimeout(() => (this.status.textContent = ""), SAID_MS);
  }

  private fail(error: unknown): void {
    this.main.replaceChildren(failure(error));
  }
}

function withKey(element: HTMLButtonElement, name: string): HTMLButtonElement {
  element.append(key(name));
  return element;
}

function decodeHash(hash: string): string {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return "";
  }
}

function failure(error: unknown): HTMLElement {
  const text = error instanceof Error ? error.message : "something is broken";
  return h("p", { class: "failure", role: "alert" }, `This page cannot go on: ${text}.`);
}

loadAudit()
  .then((audit) => new App(audit))
  .catch((error: unknown) => document.body.append(failure(error)));
