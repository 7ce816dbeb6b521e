// The audit's data files. A page from `file://` may not fetch, so that each file is a script that
// hands one JSON value to `interlinkAudit`; a Trusted Types policy lets in no other script.

import type { Audit, Item } from "./types";

const FORMAT = 1;
const CHUNK_NAME = /^data\/items-\d{4,}\.js$/;

type Receive = (name: string, value: unknown) => void;

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL: (url: string) => string };
}

declare global {
  interface Window {
    interlinkAudit?: Receive & { waiting?: [string, unknown][] };
    trustedTypes?: TrustedTypes;
  }
}

const received = new Map<string, unknown>();
const loading = new Map<string, Promise<Item[]>>();
const nonce = document.currentScript?.nonce ?? "";
const policy = window.trustedTypes?.createPolicy("interlink-data", { createScriptURL: checked });

window.interlinkAudit = (name, value) => received.set(name, value);

function checked(url: string): string {
  if (!CHUNK_NAME.test(url)) throw new TypeError(`${url} is no data file of this audit`);
  return url;
}

/** Load the audit. Its file comes after this script, so that the receiver is there. */
export async function loadAudit(): Promise<Audit> {
  if (document.readyState === "loading") {
    await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve));
  }
  const audit = received.get("audit") as Audit | undefined;
  if (audit === undefined) {
    throw new Error("data/audit.js is missing or broken: copy the whole folder, then reload");
  }
  if (audit.format !== FORMAT) {
    throw new Error(`the data have format ${audit.format}, this page reads ${FORMAT}`);
  }
  return audit;
}

/** Load one item by its place in the audit. */
export async function loadItem(audit: Audit, index: number): Promise<Item> {
  const chunk = Math.floor(index / audit.chunk_size);
  const items = await loadChunk(`items-${String(chunk).padStart(4, "0")}`);
  const item = items[index % audit.chunk_size];
  if (item === undefined || item.item_id !== audit.rows[index]?.item_id) {
    throw new Error(`data/items-${chunk} does not belong to this audit`);
  }
  return item;
}

function loadChunk(name: string): Promise<Item[]> {
  const known = loading.get(name);
  if (known !== undefined) return known;
  const promise = new Promise<Item[]>((resolve, reject) => {
    const script = document.createElement("script");
    const url = `data/${name}.js`;
    script.nonce = nonce;
    script.src = policy === undefined ? checked(url) : policy.createScriptURL(url);
    script.addEventListener("load", () => {
      script.remove();
      const items = received.get(name);
      if (items === undefined) reject(new Error(`${url} is broken: copy the whole folder again`));
      else resolve(items as Item[]);
    });
    script.addEventListener("error", () => {
      script.remove();
      loading.delete(name);
      reject(new Error(`${url} is missing: copy the whole folder again`));
    });
    document.head.append(script);
  });
  loading.set(name, promise);
  return promise;
}
