// Frames out of a contact sheet, shown as backgrounds: one picture serves the list and the clip.

import { h } from "./dom";
import { clock } from "./text";
import type { Sheet } from "./types";

const FRAMES_IN_ROW = 8;
const MEDIA_NAME = /^(?:media|sheets)\/[0-9A-Za-z_-]+\.(?:jpg|mp4|webm)$/;

/** Return a path of the data if it lies in this folder, else null. */
export function localPath(src: string): string | null {
  return MEDIA_NAME.test(src) ? src : null;
}

/** Make an element that shows one frame of a sheet; without a sheet it stays empty. */
export function framePicture(sheet: Sheet | null, index: number, className: string): HTMLElement {
  const element = h("div", { class: `frame ${className}` });
  if (sheet !== null) putFrame(element, sheet, index);
  return element;
}

/** Put one frame of a sheet behind an element, and give the element its proportions. */
export function putFrame(element: HTMLElement, sheet: Sheet, index: number): void {
  const path = localPath(sheet.src);
  if (path === null) return;
  element.style.setProperty("background-image", `url("${path}")`);
  element.style.setProperty("background-size", `${sheet.columns * 100}% ${sheet.rows * 100}%`);
  element.style.setProperty("aspect-ratio", `${sheet.frame_width_px} / ${sheet.frame_height_px}`);
  element.style.setProperty("--ratio", String(sheet.frame_width_px / sheet.frame_height_px));
  showFrame(element, sheet, index);
}

/** Show another frame of the same sheet. */
export function showFrame(element: HTMLElement, sheet: Sheet, index: number): void {
  const column = index % sheet.columns;
  const row = Math.floor(index / sheet.columns);
  const percent = (place: number, count: number): string =>
    `${count > 1 ? (place / (count - 1)) * 100 : 0}%`;
  const at = `${percent(column, sheet.columns)} ${percent(row, sheet.rows)}`;
  element.style.setProperty("background-position", at);
}

/** Return the frame that is shown at a time: the last that began by then, else the first. */
export function frameAt(sheet: Sheet, time_us: number): number {
  let found = 0;
  for (const [index, began_us] of sheet.times_us.entries()) if (began_us <= time_us) found = index;
  return found;
}

/** The frames of a sheet in a row; a click goes to their time. */
export class Strip {
  readonly element: HTMLElement;
  private readonly frames: HTMLElement[];
  private current = -1;

  constructor(
    private readonly sheet: Sheet,
    seek: (time_us: number) => void,
  ) {
    this.frames = sheet.times_us.map((time_us, index) => {
      const picture = framePicture(sheet, index, "strip-frame");
      picture.append(h("span", { class: "strip-time" }, clock(time_us)));
      picture.addEventListener("click", () => seek(time_us));
      return picture;
    });
    const times = sheet.times_us.map(clock).join(", ");
    const label = `Contact sheet: ${sheet.times_us.length} frames at ${times}`;
    this.element = h("div", { class: "strip", role: "img", "aria-label": label }, ...this.frames);
    const columns = Math.ceil(this.frames.length / Math.ceil(this.frames.length / FRAMES_IN_ROW));
    this.element.style.setProperty("grid-template-columns", `repeat(${columns}, minmax(0, 1fr))`);
  }

  /** Mark the frame that is shown at a time. */
  show(time_us: number): void {
    const index = frameAt(this.sheet, time_us);
    if (index === this.current) return;
    this.frames[this.current]?.classList.remove("is-shown");
    this.frames[index]?.classList.add("is-shown");
    this.current = index;
  }
}
