// Drafts in the browser's storage, one key for each item, so that nothing typed is ever lost.

import { EMPTY, readDraft, statusOf, type Draft, type Status } from "./ratings";
import type { Audit, Row } from "./types";

const UNDO_STEPS = 100;

type Listener = (item_id: string | null) => void;

export class Store {
  private readonly drafts = new Map<string, Draft>();
  private readonly undone: [string, Draft][] = [];
  private readonly listeners: Listener[] = [];
  private readonly errors: ReadonlySet<string>;
  private readonly rows: ReadonlyMap<string, Row>;
  private name = "";
  /** What keeps drafts from being saved; null while all is well. */
  trouble: string | null = null;

  constructor(private readonly audit: Audit) {
    this.errors = new Set(audit.rubric.error_types.map((term) => term.name));
    this.rows = new Map(audit.rows.map((row) => [row.item_id, row]));
    this.setRater(this.read("rater") ?? "");
    window.addEventListener("storage", (event) => this.onOtherTab(event));
  }

  get rater(): string {
    return this.name;
  }

  /** Go on as somebody: drafts of each name lie apart. */
  setRater(name: string): void {
    this.name = name.trim();
    this.drafts.clear();
    this.undone.length = 0;
    if (this.name !== "") {
      this.write("rater", this.name);
      this.loadDrafts();
    }
    this.tell(null);
  }

  draftOf(item_id: string): Draft {
    return this.drafts.get(item_id) ?? EMPTY;
  }

  statusOf(row: Row): Status {
    return statusOf(this.draftOf(row.item_id), row);
  }

  /** Change a draft by a pure function, save it, and remember what was before. */
  change(item_id: string, by: (draft: Draft) => Draft): void {
    const before = this.draftOf(item_id);
    const after = by(before);
    if (after === before) return;
    if (!this.isTyping(item_id, before, after)) {
      this.undone.push([item_id, before]);
      if (this.undone.length > UNDO_STEPS) this.undone.shift();
    }
    this.put(item_id, { ...after, rated_at: now() });
  }

  /** Say whether a change only adds to a note that is being typed: one step to take back. */
  private isTyping(item_id: string, before: Draft, after: Draft): boolean {
    const [last_id, last] = this.undone.at(-1) ?? [];
    const onlyNote = (x: Draft, y: Draft): boolean =>
      x.claims === y.claims && x.clip_verdict === y.clip_verdict && x.preferred === y.preferred;
    const isSame = last !== undefined && last_id === item_id && last.note !== before.note;
    return isSame && onlyNote(last, before) && onlyNote(before, after);
  }

  /** Add time spent; this is no step that can be taken back. */
  addSeconds(item_id: string, seconds: number): void {
    const before = this.draftOf(item_id);
    const row = this.rows.get(item_id);
    // Looking again at what is rated takes no time from it.
    if (row === undefined || statusOf(before, row) === "rated") return;
    this.save(item_id, { ...before, seconds: before.seconds + seconds });
  }

  /** Take the last change back; returns its item. */
  undo(): string | null {
    const last = this.undone.pop();
    if (last === undefined) return null;
    const [item_id, before] = last;
    this.put(item_id, { ...before, seconds: this.draftOf(item_id).seconds });
    return item_id;
  }

  /** Take over drafts from a file. */
  replace(drafts: ReadonlyMap<string, Draft>): void {
    for (const [item_id, draft] of drafts) this.save(item_id, draft);
    this.tell(null);
  }

  countRated(): number {
    return this.audit.rows.filter((row) => this.statusOf(row) === "rated").length;
  }

  subscribe(listener: Listener): void {
    this.listeners.push(listener);
  }

  /** Read a setting of this page. */
  read(name: string): string | null {
    try {
      return localStorage.getItem(this.keyOf(name));
    } catch {
      this.trouble = "this browser keeps nothing";
      return null;
    }
  }

  /** Keep a setting of this page. */
  write(name: string, value: string): void {
    try {
      localStorage.setItem(this.keyOf(name), value);
      this.trouble = null;
    } catch (error) {
      const isFull = error instanceof DOMException && error.name === "QuotaExceededError";
      this.trouble = isFull ? "this browser's storage is full" : "this browser keeps nothing";
    }
  }

  private put(item_id: string, draft: Draft): void {
    this.save(item_id, draft);
    this.tell(item_id);
  }

  private save(item_id: string, draft: Draft): void {
    this.drafts.set(item_id, draft);
    this.write(`draft/${this.name}/${item_id}`, JSON.stringify(draft));
  }

  private tell(item_id: string | null): void {
    for (const listener of this.listeners) listener(item_id);
  }

  private loadDrafts(): void {
    for (const row of this.audit.rows) {
      const text = this.read(`draft/${this.name}/${row.item_id}`);
      if (text !== null) this.load(row.item_id, text);
    }
  }

  private load(item_id: string, text: string): void {
    try {
      this.drafts.set(item_id, readDraft(JSON.parse(text) as unknown, this.errors));
    } catch {
      // Something else wrote this key: it is no draft, and must not stop the others.
      this.drafts.delete(item_id);
    }
  }

  private onOtherTab(event: StorageEvent): void {
    const prefix = this.keyOf(`draft/${this.name}/`);
    if (event.key === null || !event.key.startsWith(prefix) || event.newValue === null) return;
    const item_id = event.key.slice(prefix.length);
    if (!this.rows.has(item_id)) return;
    this.load(item_id, event.newValue);
    this.tell(item_id);
  }

  private keyOf(name: string): string {
    return `interlink-audit/${this.audit.audit_id}/${name}`;
  }
}

/** Return the time with its offset from UTC, to the second. */
function now(): string {
  const date = new Date();
  const minutes = -date.getTimezoneOffset();
  const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  const offset = Math.abs(minutes);
  return `${local}${minutes < 0 ? "-" : "+"}${two(offset / 60)}:${two(offset % 60)}`;
}
