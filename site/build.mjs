// Writes what is shipped with the Python package: one script and one style sheet, and the theme
// alone for the report. All name the digest of their source, so that a test can tell, without Node,
// when they are out of date.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { build } from "esbuild";

const names = readdirSync("src").sort();
const hash = createHash("sha256");
for (const name of names) hash.update(`${name}\0`).update(readFileSync(`src/${name}`)).update("\0");
const banner = `/* Built from site/src, sha256 ${hash.digest("hex")} */`;

await build({
  entryPoints: ["src/app.ts", "src/app.css", "src/theme.css"],
  outdir: "../pipeline/audit/site/page",
  bundle: true,
  format: "iife",
  minify: true,
  target: ["es2022", "chrome108", "firefox115", "safari16.4"],
  charset: "ascii",
  legalComments: "none",
  banner: { js: banner, css: banner },
  logLevel: "info",
});
