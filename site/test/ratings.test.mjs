import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const ratings = await load("ratings");
const { EMPTY, judgeClaim, toggleError, setSeverity, statusOf, ratingsOf, toLines, fromLines } = ratings;

const row = (item_id, fields = {}) => ({ item_id, num_claims: 2, num_texts: 1, ...fields });
const audit = {
  audit_id: "audit",
  rows: [row("i0"), row("i1")],
  rubric: { error_types: [{ name: "object" }, { name: "count" }] },
};

function complete(preferred = null) {
  const one = judgeClaim(EMPTY, "a", 1, "right");
  const draft = toggleError(judgeClaim(one, "a", 0, "wrong"), "a", 0, "count");
  return { ...draft, clip_verdict: "flawed", preferred, note: "n", seconds: 3.4, rated_at: "2026-01-01T00:00:00+00:00" };
}

test("an item is rated when the clip and each claim have a verdict", () => {
  assert.equal(statusOf(EMPTY, row("i")), "open");
  assert.equal(statusOf({ ...EMPTY, note: "x" }, row("i")), "started");
  const half = judgeClaim({ ...EMPTY, clip_verdict: "good" }, "a", 0, "right");
  assert.equal(statusOf(half, row("i")), "started");
  assert.equal(statusOf(judgeClaim(half, "a", 1, "cannot_tell"), row("i")), "rated");
});

test("two captions need a preference", () => {
  const pair = row("i", { num_texts: 2 });
  assert.equal(statusOf(complete(), pair), "started");
  assert.equal(statusOf(complete("same"), pair), "rated");
});

test("what was said of an error goes when the claim is no longer wrong", () => {
  const wrong = setSeverity(complete(), "a", 0, 3);
  assert.deepEqual(wrong.claims[0], { side: "a", claim: 0, verdict: "wrong", error_types: ["count"], severity: 3 });
  const right = judgeClaim(wrong, "a", 0, "right");
  assert.deepEqual(right.claims[0], { side: "a", claim: 0, verdict: "right", error_types: [], severity: null });
  assert.equal(toggleError(right, "a", 0, "object"), right);
  assert.equal(judgeClaim(wrong, "a", 0, "wrong").claims[0].severity, 3);
});

test("the same severity or error again is taken away", () => {
  const twice = toggleError(toggleError(complete(), "a", 0, "object"), "a", 0, "object");
  assert.deepEqual(twice.claims[0].error_types, ["count"]);
  assert.equal(setSeverity(setSeverity(complete(), "a", 0, 2), "a", 0, 2).claims[0].severity, null);
});

test("ratings of complete items come back from their file as they were", () => {
  const drafts = { i0: complete(), i1: { ...EMPTY, clip_verdict: "good" } };
  const made = ratingsOf(audit, "ann", (id) => drafts[id]);
  assert.deepEqual(made.map((rating) => rating.item_id), ["i0"]);
  const found = fromLines(toLines(made), audit);
  assert.deepEqual(found.problems, []);
  assert.deepEqual([...found.raters], ["ann"]);
  assert.deepEqual(found.drafts.get("i0").claims, drafts.i0.claims);
  assert.equal(found.drafts.get("i0").seconds, 3);
});

test("a line that is no rating of this audit is told by its number and not taken", () => {
  const [good] = ratingsOf(audit, "ann", () => complete());
  const claim = good.claims[0];
  const bad = [
    "{",
    "null",
    { ...good, audit_id: "other" },
    { ...good, item_id: "i9" },
    { ...good, clip_verdict: "fine" },
    { ...good, claims: [{ ...claim, verdict: "maybe" }] },
    { ...good, claims: [{ ...claim, error_types: ["nonsense"] }] },
    { ...good, claims: [{ ...claim, severity: 4 }] },
    { ...good, claims: [{ ...claim, side: "__proto__" }] },
    { ...good, preferred: "c" },
    { ...good, note: 7 },
  ];
  for (const value of bad) {
    const line = typeof value === "string" ? value : JSON.stringify(value);
    const found = fromLines(`${JSON.stringify(good)}\n${line}\n`, audit);
    assert.equal(found.drafts.size, 1, line);
    assert.match(found.problems[0], /^line 2: /, line);
  }
});
