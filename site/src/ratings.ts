// What a rater says of one item: a draft while it is made, a rating when it is complete.

import type {
  Audit,
  ClaimVerdict,
  ClaimVerdictName,
  ClipVerdictName,
  Preference,
  Rating,
  Row,
  Side,
} from "./types";

export const MAX_NOTE_CHARS = 4000;
const MAX_RATER_CHARS = 80;

const CLAIM_VERDICTS: readonly string[] = ["right", "wrong", "cannot_tell"];
const CLIP_VERDICTS: readonly string[] = ["good", "flawed", "bad"];
const PREFERENCES: readonly unknown[] = ["a", "b", "same", null];

/** A rating whose parts may still be missing. */
export interface Draft {
  readonly clip_verdict: ClipVerdictName | null;
  readonly claims: readonly ClaimVerdict[];
  readonly preferred: Preference | null;
  readonly note: string;
  readonly seconds: number;
  readonly rated_at: string | null;
}

export type Status = "open" | "started" | "rated";

export const EMPTY: Draft = {
  clip_verdict: null,
  claims: [],
  preferred: null,
  note: "",
  seconds: 0,
  rated_at: null,
};

export function findClaim(draft: Draft, side: Side, claim: number): ClaimVerdict | undefined {
  return draft.claims.find((other) => other.side === side && other.claim === claim);
}

/** Say whether an item has its verdicts: on the clip, on each claim, and between two captions. */
export function statusOf(draft: Draft, row: Row): Status {
  const isComplete =
    draft.clip_verdict !== null &&
    draft.claims.length >= row.num_claims &&
    (row.num_texts < 2 || draft.preferred !== null);
  if (isComplete) return "rated";
  const isStarted =
    draft.clip_verdict !== null ||
    draft.claims.length > 0 ||
    draft.preferred !== null ||
    draft.note !== "";
  return isStarted ? "started" : "open";
}

/** Judge one claim; what was said of an error goes when the claim is no longer wrong. */
export function judgeClaim(
  draft: Draft,
  side: Side,
  claim: number,
  verdict: ClaimVerdictName,
): Draft {
  const before = findClaim(draft, side, claim);
  const isSame = before?.verdict === verdict;
  const judged: ClaimVerdict =
    isSame && before !== undefined
      ? before
      : { side, claim, verdict, error_types: [], severity: null };
  return { ...draft, claims: withClaim(draft.claims, judged) };
}

/** Add an error type to a wrong claim, or take it away. */
export function toggleError(draft: Draft, side: Side, claim: number, name: string): Draft {
  const before = findClaim(draft, side, claim);
  if (before?.verdict !== "wrong") return draft;
  const error_types = before.error_types.includes(name)
    ? before.error_types.filter((other) => other !== name)
    : [...before.error_types, name];
  return { ...draft, claims: withClaim(draft.claims, { ...before, error_types }) };
}

/** Set how bad a wrong claim is; the same again takes it away. */
export function setSeverity(draft: Draft, side: Side, claim: number, level: number): Draft {
  const before = findClaim(draft, side, claim);
  if (before?.verdict !== "wrong") return draft;
  const severity = before.severity === level ? null : level;
  return { ...draft, claims: withClaim(draft.claims, { ...before, severity }) };
}

function withClaim(claims: readonly ClaimVerdict[], one: ClaimVerdict): ClaimVerdict[] {
  const others = claims.filter((other) => other.side !== one.side || other.claim !== one.claim);
  return [...others, one].sort((x, y) => x.side.localeCompare(y.side) || x.claim - y.claim);
}

/** Return the ratings of all items that are complete, in the order of the audit. */
export function ratingsOf(
  audit: Audit,
  rater: string,
  draftOf: (item_id: string) => Draft,
): Rating[] {
  const ratings: Rating[] = [];
  for (const row of audit.rows) {
    const draft = draftOf(row.item_id);
    if (statusOf(draft, row) !== "rated" || draft.clip_verdict === null) continue;
    ratings.push({
      audit_id: audit.audit_id,
      item_id: row.item_id,
      rater,
      clip_verdict: draft.clip_verdict,
      claims: [...draft.claims],
      preferred: draft.preferred,
      note: draft.note,
      seconds: Math.round(draft.seconds),
      rated_at: draft.rated_at ?? "",
    });
  }
  return ratings;
}

/** Write ratings as a file of one JSON value a line. */
export function toLines(ratings: readonly Rating[]): string {
  return ratings.map((rating) => `${JSON.stringify(rating)}\n`).join("");
}

export interface Imported {
  drafts: Map<string, Draft>;
  raters: Set<string>;
  problems: string[];
}

/** Read a file that `toLines` wrote; a line that is not a rating of this audit is told, not taken. */
export function fromLines(text: string, audit: Audit): Imported {
  const rows = new Map(audit.rows.map((row) => [row.item_id, row]));
  const errors = new Set(audit.rubric.error_types.map((term) => term.name));
  const found: Imported = { drafts: new Map(), raters: new Set(), problems: [] };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    try {
      const rating = readRating(JSON.parse(line) as unknown, audit.audit_id, rows, errors);
      found.raters.add(rating.rater);
      found.drafts.set(rating.item_id, rating);
    } catch (error) {
      found.problems.push(`line ${index + 1}: ${error instanceof Error ? error.message : "?"}`);
    }
  }
  return found;
}

type Fields = Record<string, unknown>;

function readRating(
  value: unknown,
  audit_id: string,
  rows: ReadonlyMap<string, Row>,
  errors: ReadonlySet<string>,
): Draft & { item_id: string; rater: string } {
  const fields = asFields(value);
  if (fields["audit_id"] !== audit_id) throw new Error("it belongs to another audit");
  const item_id = asText(fields["item_id"], 200);
  if (!rows.has(item_id)) throw new Error("its item is not in this audit");
  return { item_id, rater: asText(fields["rater"], MAX_RATER_CHARS), ...readDraft(fields, errors) };
}

/** Check what was stored or imported, so that a broken value never reaches the page. */
export function readDraft(value: unknown, errors: ReadonlySet<string>): Draft {
  const fields = asFields(value);
  const clip = fields["clip_verdict"] ?? null;
  if (clip !== null && !CLIP_VERDICTS.includes(String(clip))) throw new Error("clip_verdict");
  const preferred = fields["preferred"] ?? null;
  if (!PREFERENCES.includes(preferred)) throw new Error("preferred is not a, b or same");
  const claims = fields["claims"];
  if (!Array.isArray(claims)) throw new Error("claims is not a list");
  const seconds = Number(fields["seconds"] ?? 0);
  const draft = claims
    .map((claim) => readClaim(asFields(claim), errors))
    .reduce<Draft>((all, one) => ({ ...all, claims: withClaim(all.claims, one) }), EMPTY);
  return {
    clip_verdict: clip as ClipVerdictName | null,
    claims: draft.claims,
    preferred: preferred as Preference | null,
    note: asText(fields["note"] ?? "", MAX_NOTE_CHARS),
    seconds: Number.isFinite(seconds) && seconds >= 0 ? seconds : 0,
    rated_at: typeof fields["rated_at"] === "string" ? fields["rated_at"].slice(0, 40) : null,
  };
}

function readClaim(fields: Fields, errors: ReadonlySet<string>): ClaimVerdict {
  const { side, claim, verdict, severity = null } = fields;
  const types: unknown = fields["error_types"] ?? [];
  if (side !== "a" && side !== "b") throw new Error("side is not a or b");
  if (typeof claim !== "number" || !Number.isInteger(claim)) throw new Error("claim is no number");
  if (!CLAIM_VERDICTS.includes(String(verdict))) throw new Error("verdict is not in the rubric");
  if (!Array.isArray(types) || !types.every((name) => errors.has(String(name)))) {
    throw new Error("error_types are not in the rubric");
  }
  if (severity !== null && severity !== 1 && severity !== 2 && severity !== 3) {
    throw new Error("severity is not 1, 2 or 3");
  }
  return {
    side,
    claim,
    verdict: verdict as ClaimVerdictName,
    error_types: types.map(String),
    severity,
  };
}

function asFields(value: unknown): Fields {
  if (typeof value !== "object" || value === null) throw new Error("it is no JSON object");
  return value as Fields;
}

function asText(value: unknown, maxChars: number): string {
  if (typeof value !== "string") throw new Error("a text is missing");
  return value.slice(0, maxChars);
}
