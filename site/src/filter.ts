// Which items the list shows, and in which order.

import type { Draft, Status } from "./ratings";
import type { Row } from "./types";

export type Sort = "order" | "title" | "shortest" | "longest" | "claims" | "latest";

export const SORTS: readonly [Sort, string][] = [
  ["order", "Audit order"],
  ["title", "Title"],
  ["shortest", "Shortest first"],
  ["longest", "Longest first"],
  ["claims", "Most claims first"],
  ["latest", "Last rated first"],
];

export const SHOWN: readonly [string, string][] = [
  ["all", "All items"],
  ["todo", "To do"],
  ["open", "Not begun"],
  ["started", "Begun"],
  ["rated", "Rated"],
  ["good", "Rated good"],
  ["flawed", "Rated flawed"],
  ["bad", "Rated bad"],
  ["noted", "With a note"],
  ["no_media", "Without a clip file"],
];

export interface Filter {
  shown: string;
  group: string;
  language: string;
  query: string;
  sort: Sort;
}

export const NO_FILTER: Filter = { shown: "all", group: "", language: "", query: "", sort: "order" };

/** Return the places, in the audit, of the rows to list. */
export function select(
  rows: readonly Row[],
  filter: Filter,
  draftOf: (row: Row) => Draft,
  statusOf: (row: Row) => Status,
): number[] {
  const terms = fold(filter.query).split(/\s+/).filter(Boolean);
  const found: number[] = [];
  for (const [index, row] of rows.entries()) {
    if (filter.group !== "" && row.group !== filter.group) continue;
    if (filter.language !== "" && (row.language ?? "") !== filter.language) continue;
    if (!isShown(filter.shown, row, draftOf(row), statusOf(row))) continue;
    if (terms.length > 0 && !matches(row, index, terms)) continue;
    found.push(index);
  }
  return found.sort(comparer(rows, filter.sort, draftOf));
}

/** Return the distinct values of a column, sorted. */
export function valuesOf(rows: readonly Row[], pick: (row: Row) => string | null): string[] {
  return [...new Set(rows.map((row) => pick(row) ?? "").filter(Boolean))].sort();
}

function isShown(shown: string, row: Row, draft: Draft, status: Status): boolean {
  switch (shown) {
    case "todo":
      return status !== "rated";
    case "open":
    case "started":
    case "rated":
      return status === shown;
    case "good":
    case "flawed":
    case "bad":
      return draft.clip_verdict === shown;
    case "noted":
      return draft.note !== "";
    case "no_media":
      return !row.has_media;
    default:
      return true;
  }
}

function matches(row: Row, index: number, terms: readonly string[]): boolean {
  const text = fold(`${index + 1} ${row.title} ${row.group} ${row.excerpt}`);
  const isId = (term: string): boolean => term.length >= 8 && row.item_id.startsWith(term);
  return terms.every((term) => text.includes(term) || isId(term));
}

function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function comparer(
  rows: readonly Row[],
  sort: Sort,
  draftOf: (row: Row) => Draft,
): (x: number, y: number) => number {
  const row = (index: number): Row => rows[index] as Row;
  const duration = (index: number): number => row(index).end_us - row(index).start_us;
  const by: Record<Sort, (x: number, y: number) => number> = {
    order: (x, y) => x - y,
    title: (x, y) => row(x).title.localeCompare(row(y).title),
    shortest: (x, y) => duration(x) - duration(y),
    longest: (x, y) => duration(y) - duration(x),
    claims: (x, y) => row(y).num_claims - row(x).num_claims,
    latest: (x, y) => when(draftOf(row(y))) - when(draftOf(row(x))),
  };
  return (x, y) => by[sort](x, y) || x - y;
}

function when(draft: Draft): number {
  return (draft.rated_at === null ? 0 : Date.parse(draft.rated_at)) || 0;
}
