import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { NO_FILTER, select, valuesOf } = await load("filter");

const rows = [
  { item_id: "x", title: "Émile bakes", group: "b", excerpt: "bread", language: "fr", start_us: 0, end_us: 9, num_claims: 1, has_media: true },
  { item_id: "y", title: "A tower", group: "a", excerpt: "blocks", language: null, start_us: 0, end_us: 5, num_claims: 4, has_media: false },
  { item_id: "z", title: "Bread again", group: "a", excerpt: "dough", language: "en", start_us: 2, end_us: 8, num_claims: 2, has_media: true },
];
const drafts = {
  x: { clip_verdict: "bad", note: "", rated_at: "2026-01-02T00:00:00+00:00" },
  y: { clip_verdict: null, note: "?", rated_at: null },
  z: { clip_verdict: "good", note: "", rated_at: "2026-01-02T00:00:00+02:00" },
};
const run = (filter) =>
  select(rows, { ...NO_FILTER, ...filter }, (row) => drafts[row.item_id], (row) => (row.item_id === "y" ? "started" : "rated"));

test("without a filter all items stand in the audit's order", () => assert.deepEqual(run({}), [0, 1, 2]));

test("a search finds all words anywhere, whatever their case and accents", () => {
  assert.deepEqual(run({ query: "EMILE bread" }), [0]);
  assert.deepEqual(run({ query: "bread" }), [0, 2]);
  assert.deepEqual(run({ query: "nothing" }), []);
});

test("items are shown by state, verdict, note, clip file, group and language", () => {
  assert.deepEqual(run({ shown: "todo" }), [1]);
  assert.deepEqual(run({ shown: "rated" }), [0, 2]);
  assert.deepEqual(run({ shown: "bad" }), [0]);
  assert.deepEqual(run({ shown: "noted" }), [1]);
  assert.deepEqual(run({ shown: "no_media" }), [1]);
  assert.deepEqual(run({ group: "a", language: "en" }), [2]);
});

test("items are sorted, equal ones in the audit's order", () => {
  assert.deepEqual(run({ sort: "title" }), [1, 2, 0]);
  assert.deepEqual(run({ sort: "shortest" }), [1, 2, 0]);
  assert.deepEqual(run({ sort: "longest" }), [0, 2, 1]);
  assert.deepEqual(run({ sort: "claims" }), [1, 2, 0]);
  assert.deepEqual(run({ sort: "latest" }), [0, 2, 1]);
});

test("the values of a column are distinct and sorted", () => {
  assert.deepEqual(valuesOf(rows, (row) => row.group), ["a", "b"]);
  assert.deepEqual(valuesOf(rows, (row) => row.language), ["en", "fr"]);
});
