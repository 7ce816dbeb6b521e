import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { lettersFor } = await load("keyboard");

test("each title has a letter of its own", () => {
  const letters = lettersFor(["Object", "Order", "On screen", "Attribute", "Action", "O"]);
  assert.deepEqual(letters.slice(0, 5), ["o", "r", "n", "a", "c"]);
  assert.equal(new Set(letters).size, 6);
});
