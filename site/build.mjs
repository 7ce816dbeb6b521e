// Writes what is shipped with the Python package: one script and one style sheet.
import { build } from "esbuild";

await build({
  entryPoints: ["src/app.ts", "src/app.css"],
  outdir: "../pipeline/audit/page",
  bundle: true,
  format: "iife",
  minify: true,
  target: ["es2022", "chrome108", "firefox115", "safari16.4"],
  charset: "ascii",
  legalComments: "none",
  logLevel: "info",
});
