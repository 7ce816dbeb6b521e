// The document on a timeline, the clip below it with its words and on-screen text, and the words.

import { h, place } from "./dom";
import { clock, plain, untrusted } from "./text";
import type { Item, TimedText, Word } from "./types";

const WORDS_SHOWN = 400;
const UNSURE = 0.5;
const SEEK_STEP_US = 500_000;

export class Timeline {
  readonly element: HTMLElement;
  private readonly head = h("div", { class: "playhead" });
  private readonly overviewHead = h("div", { class: "playhead" });
  private readonly track: HTMLElement;

  constructor(
    private readonly item: Item,
    private readonly seek: (time_us: number) => void,
  ) {
    this.track = this.makeTrack();
    this.element = h("div", { class: "timeline" }, this.makeOverview(), this.track, makeLegend(item));
  }

  /** Move the playhead. */
  show(time_us: number): void {
    const { item } = this;
    place(this.head, this.share(time_us), this.share(time_us));
    const { start_us, end_us } = item.context;
    const at = (time_us - start_us) / Math.max(1, end_us - start_us);
    place(this.overviewHead, at, at);
    const seconds = ((time_us - item.start_us) / 1e6).toFixed(1);
    this.track.setAttribute("aria-valuenow", seconds);
    this.track.setAttribute("aria-valuetext", `${seconds} seconds`);
  }

  private share(time_us: number): number {
    return (time_us - this.item.start_us) / Math.max(1, this.item.end_us - this.item.start_us);
  }

  private makeOverview(): HTMLElement {
    const { context } = this.item;
    const share = (time_us: number): number =>
      (time_us - context.start_us) / Math.max(1, context.end_us - context.start_us);
    const lane = h("div", { class: "lane overview" });
    for (const gap of context.gaps) {
      const block = h("div", { class: "block gap", title: `Between clips: ${plain(gap.text)}` });
      place(block, share(gap.start_us), share(gap.end_us));
      lane.append(block);
    }
    const here = context.clips.findIndex((clip) => clip.is_this);
    for (const [index, clip] of context.clips.entries()) {
      const title = `Clip ${index + 1}, ${clock(clip.start_us)} to ${clock(clip.end_us)}`;
      const block = h("div", { class: clip.is_this ? "block this" : "block", title });
      place(block, share(clip.start_us), share(clip.end_us));
      lane.append(block);
    }
    lane.append(this.overviewHead);
    const span = `${clock(context.start_us)} to ${clock(context.end_us)}`;
    const text = `Document ${span}: this is clip ${here + 1} of ${context.clips.length}`;
    lane.setAttribute("role", "img");
    lane.setAttribute("aria-label", text);
    return h(
      "div",
      { class: "overview-row" },
      h("p", { class: "caption-line", "aria-hidden": "true" }, `Document · clip ${here + 1} of `, `${context.clips.length}`, h("span", { class: "spacer" }), span),
      lane,
    );
  }

  private makeTrack(): HTMLElement {
    const { item } = this;
    const seconds = ((item.end_us - item.start_us) / 1e6).toFixed(1);
    const track = h("div", {
      class: "track",
      role: "slider",
      tabindex: 0,
      "aria-label": "Position in the clip",
      "aria-valuemin": 0,
      "aria-valuemax": seconds,
      "aria-valuenow": 0,
    });
    track.append(this.makeLane("words", item.words.slice(0, 2000)));
    if (item.screen_text.length > 0) track.append(this.makeLane("screen", item.screen_text.slice(0, 200)));
    track.append(this.head);
    const toPointer = (event: PointerEvent): void => {
      const box = track.getBoundingClientRect();
      const share = (event.clientX - box.left) / Math.max(1, box.width);
      this.seek(item.start_us + share * (item.end_us - item.start_us));
    };
    track.addEventListener("pointerdown", (event) => {
      track.setPointerCapture(event.pointerId);
      toPointer(event);
    });
    track.addEventListener("pointermove", (event) => {
      if (track.hasPointerCapture(event.pointerId)) toPointer(event);
    });
    track.addEventListener("keydown", (event) => this.onKey(event));
    return track;
  }

  private makeLane(name: string, spans: readonly (Word | TimedText)[]): HTMLElement {
    const lane = h("div", { class: `lane ${name}`, "data-name": name });
    for (const span of spans) {
      const block = h("div", { class: "block", title: plain(span.text, 80) });
      place(block, this.share(span.start_us), this.share(span.end_us));
      lane.append(block);
    }
    return lane;
  }

  private onKey(event: KeyboardEvent): void {
    const { item } = this;
    const now_us = item.start_us + Number(this.track.getAttribute("aria-valuenow")) * 1e6;
    const targets: Record<string, number> = {
      ArrowLeft: now_us - SEEK_STEP_US,
      ArrowRight: now_us + SEEK_STEP_US,
      Home: item.start_us,
      End: item.end_us,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.seek(target);
  }
}

/** Say which lane is which; the panels say the same to a screen reader. */
function makeLegend(item: Item): HTMLElement {
  const names = [item.words.length > 0 && "words", item.screen_text.length > 0 && "screen"];
  const labels: Record<string, string> = { words: "spoken words", screen: "on-screen text" };
  const parts = names.map((name) =>
    name === false ? null : h("span", { class: `legend ${name}` }, labels[name] ?? ""),
  );
  return h("p", { class: "caption-line", "aria-hidden": "true" }, ...parts);
}

/** The words spoken in the clip; the one being spoken is lit. */
export class Transcript {
  readonly element: HTMLElement;
  private readonly line = h("p", {
    class: "transcript",
    dir: "auto",
    role: "group",
    tabindex: 0,
    "aria-label": "Spoken words",
  });
  private readonly spans: HTMLElement[] = [];
  private lit = -1;

  private readonly words: readonly Word[];

  constructor(
    item: Item,
    private readonly seek: (time_us: number) => void,
  ) {
    this.words = item.words;
    this.add();
    if (this.words.length === 0) this.addSpeech(item.speech);
    const isSilent = this.line.childNodes.length === 0;
    const body = isSilent ? h("p", { class: "quiet" }, "Nobody speaks.") : this.line;
    this.element = h("section", { class: "panel" }, h("h3", {}, "What is said"), body);
  }

  /** Light the word that is spoken at a time. */
  show(time_us: number): void {
    const index = this.words.findIndex((w) => w.start_us <= time_us && time_us < w.end_us);
    if (index === this.lit) return;
    this.spans[this.lit]?.classList.remove("is-spoken");
    this.spans[index]?.classList.add("is-spoken");
    this.lit = index;
  }

  /** Speech without the times of words: nothing can be lit. */
  private addSpeech(texts: readonly TimedText[]): void {
    for (const text of texts.slice(0, WORDS_SHOWN)) this.line.append(untrusted(text.text), " ");
  }

  private add(): void {
    const from = this.spans.length;
    for (const word of this.words.slice(from, from + WORDS_SHOWN)) {
      const span = untrusted(word.text, "word");
      const probability = word.probability;
      if (probability !== null && probability < UNSURE) {
        span.classList.add("is-unsure");
        span.title = `The recogniser was ${Math.round(probability * 100)} % sure`;
      }
      span.addEventListener("click", () => this.seek(word.start_us));
      this.spans.push(span);
      this.line.append(span, " ");
    }
    const left = this.words.length - this.spans.length;
    if (left <= 0) return;
    const more = h("button", { type: "button", class: "link" }, `… ${left} more words`);
    more.addEventListener("click", () => {
      more.remove();
      this.add();
    });
    this.line.append(more);
  }
}
