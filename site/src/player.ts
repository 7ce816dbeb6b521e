// The player: the clip from its start to its end, and a clock that others follow.

import { button, h, key } from "./dom";
import { localPath } from "./picture";
import { SheetSurface, VideoSurface, type Surface } from "./surface";
import { clock } from "./text";
import type { Item } from "./types";

const RATES = [0.5, 0.75, 1, 1.5, 2];
/** Sounds and speed stay as they were set when the next clip comes. */
const settings = { isMuted: false, rate: 1, isLooped: false };

export class Player {
  readonly element: HTMLElement;
  private surface: Surface;
  private readonly stage = h("div", { class: "stage" });
  private readonly notice = h("p", { class: "notice", hidden: true });
  private readonly time = h("span", { class: "player-time" });
  private readonly playLabel = h("span", {}, "Play");
  private readonly playButton: HTMLButtonElement;
  private readonly rateButton: HTMLButtonElement;
  private readonly muteButton: HTMLButtonElement;
  private readonly loopButton: HTMLButtonElement;
  private request = 0;

  constructor(
    private readonly item: Item,
    private readonly onTime: (time_us: number) => void,
  ) {
    this.playButton = button(this.playLabel, () => this.toggle(), { class: "player-play" });
    this.playButton.append(key("space"));
    this.rateButton = button("1×", () => this.cycleRate(), { title: "Speed (v)" });
    this.muteButton = button("Sound", () => this.toggleMuted(), { title: "Sound on or off (m)" });
    this.loopButton = button("Loop", () => this.toggleLoop(), { title: "Again and again (o)" });
    const replay = button("Restart", () => this.replay(), { title: "From the start (h)" });
    this.surface = this.makeSurface();
    this.stage.append(this.surface.element);
    this.stage.addEventListener("click", () => this.toggle());
    const bar = h(
      "div",
      { class: "player-bar", role: "group", "aria-label": "Player" },
      this.playButton,
      this.time,
      h("div", { class: "player-settings" }, replay, this.loopButton, this.rateButton, this.muteButton),
    );
    this.element = h("div", { class: "player" }, this.stage, this.notice, bar);
    this.applySettings();
    this.update();
  }

  toggle(): void {
    if (this.surface.isPlaying) this.surface.pause();
    else this.play();
  }

  play(): void {
    if (this.surface.position() >= this.item.end_us - 50_000) this.surface.seek(this.item.start_us);
    this.surface.play();
  }

  replay(): void {
    this.surface.seek(this.item.start_us);
    this.surface.play();
  }

  /** Go to a time on the source's clock, held inside the clip. */
  seek(time_us: number): void {
    const last_us = this.item.end_us - 1;
    this.surface.seek(Math.min(last_us, Math.max(this.item.start_us, Math.round(time_us))));
    this.update();
  }

  skip(by_us: number): void {
    this.seek(this.surface.position() + by_us);
  }

  /** Go one frame on or back, at 25 frames a second. */
  step(frames: number): void {
    this.surface.pause();
    this.skip(frames * 40_000);
  }

  cycleRate(): void {
    settings.rate = RATES[(RATES.indexOf(settings.rate) + 1) % RATES.length] ?? 1;
    this.applySettings();
  }

  toggleMuted(): void {
    settings.isMuted = !settings.isMuted;
    this.applySettings();
  }

  toggleLoop(): void {
    settings.isLooped = !settings.isLooped;
    this.applySettings();
  }

  dispose(): void {
    cancelAnimationFrame(this.request);
    this.surface.dispose();
  }

  private makeSurface(): Surface {
    const { media } = this.item;
    const path = media === null ? null : localPath(media.src);
    if (media === null || path === null) {
      this.say("The clip itself is not in this audit: its contact sheet stands in.");
      return new SheetSurface(this.item.sheet, this.item, () => this.update());
    }
    const surface = new VideoSurface(
      media,
      path,
      this.item.sheet,
      () => this.update(),
      () => this.standIn(),
    );
    surface.seek(this.item.start_us);
    return surface;
  }

  private standIn(): void {
    this.surface.dispose();
    this.surface = new SheetSurface(this.item.sheet, this.item, () => this.update());
    this.stage.replaceChildren(this.surface.element);
    this.say("This browser cannot play the clip: its contact sheet stands in.");
    this.applySettings();
    this.update();
  }

  private say(text: string): void {
    this.notice.textContent = text;
    this.notice.hidden = false;
  }

  private applySettings(): void {
    this.surface.setRate(settings.rate);
    this.surface.setMuted(settings.isMuted);
    this.rateButton.textContent = `${settings.rate}×`;
    this.rateButton.setAttribute("aria-label", `Speed ${settings.rate} times`);
    this.muteButton.hidden = !this.surface.hasSound;
    this.muteButton.textContent = settings.isMuted ? "Muted" : "Sound";
    this.muteButton.setAttribute("aria-pressed", String(settings.isMuted));
    this.loopButton.setAttribute("aria-pressed", String(settings.isLooped));
  }

  private update(): void {
    cancelAnimationFrame(this.request);
    const position = this.surface.position();
    const isOver = position >= this.item.end_us && this.surface.isPlaying;
    if (isOver || this.surface.hasEnded) {
      if (settings.isLooped) this.replay();
      else if (this.surface.isPlaying) this.surface.pause();
    }
    const since = Math.max(0, position - this.item.start_us);
    const whole = this.item.end_us - this.item.start_us;
    this.time.textContent = `${clock(since)} / ${clock(whole)}`;
    const label = this.surface.isPlaying ? "Pause" : "Play";
    if (this.playLabel.textContent !== label) this.playLabel.textContent = label;
    this.onTime(position);
    if (this.surface.isPlaying) this.request = requestAnimationFrame(() => this.update());
  }
}
