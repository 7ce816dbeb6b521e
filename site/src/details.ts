// What else is known of a clip: where it comes from, its numbers, its neighbours, how it was made.

import { h, link, type Child } from "./dom";
import { clock, plain, untrusted, words } from "./text";
import type { Fact, Item, Neighbour, Score, Source, Term, TimedText } from "./types";

const MAX_TEXTS = 40;

/** Make all panels under the player. */
export function makeDetails(item: Item): HTMLElement {
  return h(
    "div",
    { class: "details" },
    panel("On screen", timedTexts(item.screen_text, "Nothing was read.")),
    panel("Source and license", sourceList(item.source, item.group)),
    panel("Flags", flagList(item.flags)),
    panel("Scores", scoreTable(item.scores)),
    panel("Document around it", neighbours(item)),
    panel("Provenance", factList([...identity(item), ...item.provenance])),
  );
}

function panel(title: string, ...children: Child[]): HTMLElement {
  return h("section", { class: "panel" }, h("h3", {}, title), ...children);
}

function timedTexts(texts: readonly TimedText[], none: string): HTMLElement {
  if (texts.length === 0) return h("p", { class: "quiet" }, none);
  const list = h("ul", { class: "timed" });
  for (const text of texts.slice(0, MAX_TEXTS)) list.append(h("li", {}, untrusted(text.text)));
  if (texts.length > MAX_TEXTS) list.append(h("li", {}, `… and ${texts.length - MAX_TEXTS} more`));
  return list;
}

function sourceList(source: Source, group: string): HTMLElement {
  const title = source.title === null ? null : untrusted(source.title);
  const creator = source.creator === null ? null : untrusted(source.creator);
  const raw = source.license_raw === source.license ? null : source.license_raw;
  return definitions([
    ["Title", title],
    ["From", link(source.uri, untrusted(source.uri, "address"))],
    ["By", creator === null ? null : link(source.creator_uri, creator)],
    ["Group", untrusted(group)],
    ["Site", optional(source.site)],
    ["Published", optional(source.published)],
    ["Spoken", optional(source.language)],
    ["License", source.license === null ? "unknown" : untrusted(source.license)],
    ["As found", optional(raw)],
    ["Found in", optional(source.license_source)],
  ]);
}

function flagList(flags: readonly Term[]): HTMLElement {
  if (flags.length === 0) return h("p", { class: "quiet" }, "None.");
  const list = h("dl", { class: "facts" });
  for (const flag of flags) {
    const name = h("span", { class: "tag warn" }, plain(words(flag.name), 40));
    list.append(h("dt", {}, name), h("dd", {}, plain(flag.meaning)));
  }
  return list;
}

function scoreTable(scores: readonly Score[]): HTMLElement {
  if (scores.length === 0) return h("p", { class: "quiet" }, "Nothing was measured.");
  const list = h("dl", { class: "facts numbers" });
  for (const score of scores) {
    const name = h("span", { title: plain(score.meaning) }, plain(words(score.name), 40));
    list.append(h("dt", {}, name), h("dd", {}, formatScore(score)));
  }
  return list;
}

function formatScore(score: Score): string {
  if (score.unit === "share") return `${(score.value * 100).toFixed(1)} %`;
  const value = Math.abs(score.value) >= 100 ? score.value.toFixed(0) : score.value.toPrecision(3);
  return score.unit === null ? value : `${value} ${plain(score.unit, 10)}`;
}

function neighbours(item: Item): HTMLElement {
  const { clips } = item.context;
  const here = clips.findIndex((clip) => clip.is_this);
  const list = h("ol", { class: "neighbours" });
  for (const clip of clips.slice(Math.max(0, here - 2), here + 3)) list.append(neighbour(clip));
  return list;
}

function neighbour(clip: Neighbour): HTMLElement {
  const span = h("span", { class: "span" }, `${clock(clip.start_us)} to ${clock(clip.end_us)}`);
  if (clip.is_this) return h("li", { class: "this" }, span, h("p", {}, "This clip."));
  const texts = clip.texts
    .filter((text) => text.text !== "")
    .map((text) =>
      h("p", {}, h("span", { class: "kind" }, plain(words(text.kind), 24)), untrusted(text.text)),
    );
  return h("li", {}, span, ...texts);
}

function identity(item: Item): Fact[] {
  return [
    { name: "clip", value: item.clip_id },
    { name: "span", value: `${clock(item.start_us)} to ${clock(item.end_us)} of the video` },
    { name: "document", value: item.document_id },
    { name: "video", value: item.video_id },
  ];
}

function factList(facts: readonly Fact[]): HTMLElement {
  return definitions(facts.map((fact) => [words(fact.name), untrusted(fact.value, "address")]));
}

function definitions(rows: readonly [string, Child][]): HTMLElement {
  const list = h("dl", { class: "facts" });
  for (const [name, value] of rows) {
    if (value !== null && value !== false) list.append(h("dt", {}, plain(name, 60)), h("dd", {}, value));
  }
  return list;
}

function optional(text: string | null): Node | null {
  return text === null ? null : untrusted(text);
}
