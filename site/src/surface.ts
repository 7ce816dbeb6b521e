// What a player shows: the clip's own file, or its contact sheet by a clock where there is none.

import { h } from "./dom";
import { frameAt, framePicture, putFrame, showFrame } from "./picture";
import type { Item, Media, Sheet } from "./types";

export interface Surface {
  readonly element: HTMLElement;
  readonly hasSound: boolean;
  readonly isPlaying: boolean;
  readonly hasEnded: boolean;
  /** Where it stands, in microseconds on the source's clock. */
  position(): number;
  seek(time_us: number): void;
  play(): void;
  pause(): void;
  setRate(rate: number): void;
  setMuted(isMuted: boolean): void;
  dispose(): void;
}

/** Plays the clip's file; until it is loaded, the first frame of the contact sheet is seen. */
export class VideoSurface implements Surface {
  readonly element: HTMLVideoElement;
  readonly hasSound = true;

  constructor(
    private readonly media: Media,
    path: string,
    sheet: Sheet | null,
    onChange: () => void,
    onError: () => void,
  ) {
    this.element = h("video", { class: "surface", preload: "auto", playsinline: true, tabindex: -1 });
    this.element.setAttribute("aria-label", "The clip");
    if (sheet !== null) putFrame(this.element, sheet, 0);
    for (const name of ["play", "pause", "ended", "seeked", "loadeddata"]) {
      this.element.addEventListener(name, onChange);
    }
    // Nothing behind it then, should its own proportions be others.
    const bare = (): void => void this.element.style.removeProperty("background-image");
    this.element.addEventListener("loadeddata", bare, { once: true });
    this.element.addEventListener("error", onError, { once: true });
    this.element.src = path;
  }

  get isPlaying(): boolean {
    return !this.element.paused && !this.element.ended;
  }

  get hasEnded(): boolean {
    return this.element.ended;
  }

  position(): number {
    return this.media.start_us + Math.round(this.element.currentTime * 1e6);
  }

  seek(time_us: number): void {
    this.element.currentTime = Math.max(0, (time_us - this.media.start_us) / 1e6);
  }

  play(): void {
    // A browser may refuse to start before the first key or click: then it just waits.
    this.element.play().catch(() => undefined);
  }

  pause(): void {
    this.element.pause();
  }

  setRate(rate: number): void {
    this.element.playbackRate = rate;
  }

  setMuted(isMuted: boolean): void {
    this.element.muted = isMuted;
  }

  dispose(): void {
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }
}

/** Shows the frames of a contact sheet as if they were played, without sound. */
export class SheetSurface implements Surface {
  readonly element: HTMLElement;
  readonly hasSound = false;
  private at_us: number;
  private since_ms: number | null = null;
  private rate = 1;
  private readonly timer: number;

  constructor(
    private readonly sheet: Sheet | null,
    private readonly item: Item,
    private readonly onChange: () => void,
  ) {
    this.at_us = item.start_us;
    this.element = framePicture(sheet, 0, "surface");
    this.element.setAttribute("role", "img");
    this.element.setAttribute(
      "aria-label",
      sheet === null ? "There is no picture of this clip" : "A frame of the contact sheet",
    );
    this.timer = window.setInterval(() => this.show(), 100);
  }

  get isPlaying(): boolean {
    return this.since_ms !== null;
  }

  get hasEnded(): boolean {
    return this.isPlaying && this.position() >= this.item.end_us;
  }

  position(): number {
    const passed_ms = this.since_ms === null ? 0 : performance.now() - this.since_ms;
    return Math.min(this.item.end_us, this.at_us + Math.round(passed_ms * 1000 * this.rate));
  }

  seek(time_us: number): void {
    this.at_us = time_us;
    if (this.since_ms !== null) this.since_ms = performance.now();
    this.show();
    this.onChange();
  }

  play(): void {
    if (this.since_ms === null) this.since_ms = performance.now();
    this.onChange();
  }

  pause(): void {
    this.at_us = this.position();
    this.since_ms = null;
    this.onChange();
  }

  setRate(rate: number): void {
    this.at_us = this.position();
    if (this.since_ms !== null) this.since_ms = performance.now();
    this.rate = rate;
  }

  setMuted(): void {
    // Nothing sounds.
  }

  dispose(): void {
    window.clearInterval(this.timer);
  }

  private show(): void {
    if (this.sheet !== null) {
      showFrame(this.element, this.sheet, frameAt(this.sheet, this.position()));
    }
  }
}
