// What the page reads and writes. `pipeline/audit/site/data.py` mirrors the data, field by field;
// `schemas/audit.py` the rating. Times are integer microseconds on the source's clock, half-open.

export type ClaimVerdictName = "right" | "wrong" | "cannot_tell";
export type ClipVerdictName = "good" | "flawed" | "bad";
export type Side = "a" | "b";
export type Preference = Side | "same";

/** One word of a closed list, as the rubric explains it. */
export interface Term {
  name: string;
  title: string;
  meaning: string;
}

export interface Rubric {
  introduction: string[];
  claim_verdicts: Term[];
  clip_verdicts: Term[];
  error_types: Term[];
  severities: Term[];
}

/** A picture of frames in a grid, read like a page of text. */
export interface Sheet {
  src: string;
  columns: number;
  rows: number;
  frame_width_px: number;
  frame_height_px: number;
  times_us: number[];
}

/** What the list needs of one item. */
export interface Row {
  item_id: string;
  title: string;
  group: string;
  excerpt: string;
  language: string | null;
  start_us: number;
  end_us: number;
  has_media: boolean;
  num_texts: number;
  num_claims: number;
  sheet: Sheet | null;
}

export interface Audit {
  format: number;
  audit_id: string;
  title: string;
  dataset_version: number;
  view: string | null;
  chunk_size: number;
  rubric: Rubric;
  rows: Row[];
}

export interface Claim {
  number: number;
  text: string;
}

/** One caption under judgement. Who wrote it is shown only after the verdict. */
export interface Text {
  side: Side;
  kind: string;
  text: string;
  status: string;
  writer: string | null;
  claims: Claim[];
  facts: Fact[];
}

export interface Fact {
  name: string;
  value: string;
}

export interface Score {
  name: string;
  value: number;
  unit: string | null;
  meaning: string;
}

export interface Word {
  text: string;
  start_us: number;
  end_us: number;
  probability: number | null;
}

export interface TimedText {
  kind: string;
  text: string;
  start_us: number;
  end_us: number;
}

/** The clip's own file; `start_us` is what time 0 of the file is on the source's clock. */
export interface Media {
  src: string;
  mime: string;
  start_us: number;
}

/** Another clip of the same document. */
export interface Neighbour {
  start_us: number;
  end_us: number;
  is_this: boolean;
  texts: TimedText[];
}

export interface Context {
  start_us: number;
  end_us: number;
  clips: Neighbour[];
  gaps: TimedText[];
}

export interface Source {
  title: string | null;
  creator: string | null;
  creator_uri: string | null;
  uri: string;
  site: string | null;
  published: string | null;
  language: string | null;
  license: string | null;
  license_raw: string | null;
  license_source: string | null;
}

export interface Item {
  item_id: string;
  clip_id: string;
  document_id: string;
  video_id: string;
  group: string;
  start_us: number;
  end_us: number;
  media: Media | null;
  sheet: Sheet | null;
  texts: Text[];
  words: Word[];
  speech: TimedText[];
  screen_text: TimedText[];
  context: Context;
  scores: Score[];
  flags: Term[];
  source: Source;
  provenance: Fact[];
}

/** `ClaimVerdict` of `schemas/audit.py`. */
export interface ClaimVerdict {
  side: Side;
  claim: number;
  verdict: ClaimVerdictName;
  error_types: string[];
  severity: number | null;
}

/** `Rating` of `schemas/audit.py`: one line of the file that the rater downloads. */
export interface Rating {
  audit_id: string;
  item_id: string;
  rater: string;
  clip_verdict: ClipVerdictName;
  claims: ClaimVerdict[];
  preferred: Preference | null;
  note: string;
  seconds: number;
  rated_at: string;
}
