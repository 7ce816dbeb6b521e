// One item: the clip on the left, its captions and verdicts on the right.

import { h } from "./dom";
import { makeDetails } from "./details";
import { Judge, type JudgeHooks } from "./judge";
import { Strip } from "./picture";
import { Player } from "./player";
import { clock, plain, untrusted } from "./text";
import { Timeline, Transcript } from "./timeline";
import type { Audit, Item, Row } from "./types";

const IDLE_MS = 60_000;

export class ItemView {
  readonly element: HTMLElement;
  readonly player: Player;
  readonly judge: Judge;
  private readonly heading: HTMLElement;
  private readonly stopwatch = new Stopwatch();

  constructor(audit: Audit, index: number, row: Row, item: Item, hooks: JudgeHooks) {
    const seek = (time_us: number): void => this.player.seek(time_us);
    const timeline = new Timeline(item, seek);
    const transcript = new Transcript(item, seek);
    const strip = item.sheet === null ? null : new Strip(item.sheet, seek);
    this.player = new Player(item, (time_us) => {
      timeline.show(time_us);
      transcript.show(time_us);
      strip?.show(time_us);
    });
    this.judge = new Judge(item, row, audit.rubric, hooks);
    this.heading = h("h1", { tabindex: -1 }, untrusted(plain(row.title, 160)));
    const facts = [
      `${clock(item.start_us)} to ${clock(item.end_us)}`,
      item.source.license === null ? "license unknown" : plain(item.source.license, 40),
    ];
    this.element = h(
      "div",
      { class: item.texts.length > 1 ? "item is-pair" : "item" },
      h(
        "div",
        { class: "watch", role: "region", "aria-label": "The clip", tabindex: 0 },
        h("header", { class: "item-head" }, this.heading, h(
            "p",
            { class: "quiet" },
            h("span", { class: "position" }, `${index + 1} of ${audit.rows.length}`),
            ` · ${facts.join(" · ")}`,
          )),
        this.player.element,
        timeline.element,
        strip?.element ?? null,
        transcript.element,
        makeDetails(item),
      ),
      h("div", { class: "verdict-side", role: "region", "aria-label": "Captions", tabindex: 0 }, this.judge.element),
    );
  }

  /** Put the focus where a reader begins. */
  focus(): void {
    this.heading.focus({ preventScroll: true });
  }

  /** Return the seconds looked at it since the last call; a long pause does not count. */
  takeSeconds(): number {
    return this.stopwatch.take();
  }

  dispose(): void {
    this.player.dispose();
    this.stopwatch.dispose();
  }
}

/** Counts time while the page is in sight and somebody moves. */
class Stopwatch {
  private readonly abort = new AbortController();
  private counted_ms = 0;
  private last_ms = performance.now();

  constructor() {
    const options = { passive: true, signal: this.abort.signal };
    for (const name of ["keydown", "pointerdown", "pointermove", "visibilitychange"]) {
      document.addEventListener(name, () => this.tick(), options);
    }
  }

  take(): number {
    this.tick();
    const seconds = this.counted_ms / 1000;
    this.counted_ms = 0;
    return seconds;
  }

  dispose(): void {
    this.abort.abort();
  }

  private tick(): void {
    const now = performance.now();
    this.counted_ms += Math.min(now - this.last_ms, IDLE_MS);
    this.last_ms = now;
  }
}
