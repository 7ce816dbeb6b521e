import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { clock, counted, cut, plain, shortDigests, signFor } = await load("text");

test("what one cannot see is shown by a sign", () => {
  assert.equal(plain("a\u0000b\u001b[31m"), "a␀b␛[31m");
  assert.equal(plain("\u202egnp.exe\u2066"), "U+202Egnp.exeU+2066");
  assert.equal(plain("a\u2028b\ufeff\u200b"), "aU+2028bU+FEFFU+200B");
  assert.equal(signFor("\u007f"), "␡");
});

test("half a character is shown by a sign, a whole one is left alone", () => {
  assert.equal(plain("x\ud800y\udc00"), "xU+D800yU+DC00");
  assert.equal(plain("👩‍👩‍👧 مرحبا"), "👩‍👩‍👧 مرحبا");
});

test("a long text is cut between characters", () => {
  assert.equal(cut("a👧b", 2), "a");
  assert.equal(cut("a👧b", 3), "a👧");
  assert.equal(plain("x".repeat(1 << 20), 10).length, 11);
});

test("times are read as minutes and tenths of a second", () => {
  assert.equal(clock(0), "0:00.0");
  assert.equal(clock(62_449_999), "1:02.4");
  assert.equal(clock(3_600_000_000), "1:00:00.0");
  assert.equal(clock(-1), "0:00.0");
});

test("one thing is not several", () => {
  assert.equal(counted(0, "item"), "0 items");
  assert.equal(counted(1, "item"), "1 item");
  assert.equal(counted(1200, "item"), "1,200 items");
});

test("digests are cut short, other words are not", () => {
  assert.equal(shortDigests("facts (1-ocr-090f04abcd9d-6f327246b503)"), "facts (1-ocr-090f04a-6f32724)");
  assert.equal(shortDigests("deadbeef 2024-01-31"), "deadbeef 2024-01-31");
});
