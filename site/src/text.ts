// Text that others wrote, made safe to look at: nothing hidden, nothing reordered, nothing endless.

const FOLD_CHARS = 1200;
const STEP_CHARS = 20_000;

/** C0 but tab and newline, DEL, C1, bidi controls, zero-width marks, line separators, lone halves. */
const HIDDEN =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Return the sign that stands for a character one cannot see: `␀` or `U+202E`. */
export function signFor(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Return a text with a sign in place of each hidden character; for titles and labels. */
export function plain(text: string, maxChars = 200): string {
  const shown = text.replace(HIDDEN, signFor);
  return shown.length > maxChars ? `${cut(shown, maxChars)}…` : shown;
}

/** Return the start of a text, never ending in half a character. */
export function cut(text: string, maxChars: number): string {
  const last = text.charCodeAt(maxChars - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? maxChars - 1 : maxChars);
}

/** Return an isolated element that holds a text; a long one is folded behind a button. */
export function untrusted(text: string, className = ""): HTMLElement {
  const element = document.createElement("bdi");
  element.dir = "auto";
  element.className = `text ${className}`.trim();
  let shown = text.length > FOLD_CHARS ? FOLD_CHARS / 2 : text.length;
  const show = (): void => {
    const part = shown < text.length ? cut(text, shown) : text;
    element.replaceChildren(...pieces(part));
    if (part.length < text.length) element.append(" ", more());
  };
  const more = (): HTMLButtonElement => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = `… show more of ${text.length.toLocaleString("en")} characters`;
    button.addEventListener("click", () => {
      shown += STEP_CHARS;
      show();
    });
    return button;
  };
  show();
  return element;
}

function pieces(text: string): Node[] {
  const nodes: Node[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) nodes.push(document.createTextNode(text.slice(from, match.index)));
    const sign = document.createElement("span");
    sign.className = "hidden-sign";
    sign.textContent = signFor(match[0]);
    nodes.push(sign);
    from = match.index + match[0].length;
  }
  nodes.push(document.createTextNode(text.slice(from)));
  return nodes;
}

/** Return a time as `1:02.4`. */
export function clock(us: number): string {
  const tenths = Math.max(0, Math.floor(us / 100_000));
  const seconds = Math.floor(tenths / 10);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = String(seconds % 60).padStart(2, "0");
  const head = hours ? `${hours}:${String(minutes).padStart(2, "0")}` : String(minutes);
  return `${head}:${rest}.${tenths % 10}`;
}

/** Return a number of things: `1 item`, `1,200 items`. */
export function counted(count: number, name: string): string {
  return `${count.toLocaleString("en")} ${name}${count === 1 ? "" : "s"}`;
}

/** Return a text with seven digits of each digest in it, as Git shows its own. */
export function shortDigests(text: string): string {
  return text.replace(/[0-9a-f]{12,}/g, (digest) => digest.slice(0, 7));
}

/** Return `name_of_a_thing` as words. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
