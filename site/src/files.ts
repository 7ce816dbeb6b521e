// Ratings as a file: downloaded, and taken in again.

import { fromLines, ratingsOf, toLines, type Draft, type Imported } from "./ratings";
import { h } from "./dom";
import type { Store } from "./store";
import { counted, plain } from "./text";
import type { Audit } from "./types";

const MAX_BYTES = 64 << 20;

/** Download all complete ratings; returns how many. */
export function downloadRatings(audit: Audit, store: Store): number {
  const ratings = ratingsOf(audit, store.rater, (item_id) => store.draftOf(item_id));
  if (ratings.length === 0) return 0;
  const file = new Blob([toLines(ratings)], { type: "application/x-ndjson" });
  const url = URL.createObjectURL(file);
  const rater = store.rater.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 40) || "rater";
  const name = `ratings-${audit.audit_id.slice(0, 8)}-${rater}.jsonl`;
  const anchor = h("a", { href: url, download: name, hidden: true });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return ratings.length;
}

/** Let a ratings file be chosen and go on from it; returns what to say. */
export async function pickRatings(audit: Audit, store: Store): Promise<string> {
  const file = await pick();
  if (file === null) return "Nothing was chosen.";
  if (file.size > MAX_BYTES) return "That file is too large for ratings.";
  return takeRatings(fromLines(await file.text(), audit), store);
}

function takeRatings(found: Imported, store: Store): string {
  const [rater, ...others] = [...found.raters];
  if (rater === undefined) return `No ratings of this audit in it. ${found.problems[0] ?? ""}`;
  if (others.length > 0) return "It holds the ratings of several people: import your own alone.";
  if (rater !== store.rater) store.setRater(rater);
  const newer = new Map<string, Draft>();
  for (const [item_id, draft] of found.drafts) {
    if (isNewer(draft, store.draftOf(item_id))) newer.set(item_id, draft);
  }
  store.replace(newer);
  const [problem] = found.problems;
  const left = counted(found.problems.length, "line");
  const problems = problem === undefined ? "" : ` Left out: ${left}, such as: ${plain(problem)}.`;
  return `${counted(newer.size, "rating")} of ${plain(rater, 40)} taken over.${problems}`;
}

function isNewer(draft: Draft, than: Draft): boolean {
  const time = (text: string | null): number => Date.parse(text ?? "") || 0;
  return than.rated_at === null || time(draft.rated_at) > time(than.rated_at);
}

function pick(): Promise<File | null> {
  return new Promise((resolve) => {
    const input = h("input", { type: "file", accept: ".jsonl,.json,.txt", hidden: true });
    input.addEventListener("change", () => resolve(input.files?.[0] ?? null));
    input.addEventListener("cancel", () => resolve(null));
    document.body.append(input);
    input.click();
    input.remove();
  });
}
