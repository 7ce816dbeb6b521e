// Building the page: elements by name, attributes by value, text as text. Nothing parses markup.

export type Attributes = Readonly<Record<string, string | number | boolean | null>>;
export type Child = Node | string | null | false;

/** Make an element; an attribute that is null or false is left out, true is empty. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.filter((child): child is Node | string => isPresent(child)));
  return element;
}

export function setAttribute(
  element: Element,
  name: string,
  value: string | number | boolean | null,
): void {
  if (value === null || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Make a button that does something. */
export function button(
  label: Child,
  onClick: (event: MouseEvent) => void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const element = h("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", onClick);
  // A mouse leaves the focus where the keys are: Enter must go on, not press this button again.
  element.addEventListener("mousedown", (event) => {
    event.preventDefault();
    if (document.activeElement instanceof HTMLTextAreaElement) document.activeElement.blur();
  });
  return element;
}

/** Make the picture of a key. */
export function key(name: string): HTMLElement {
  return h("kbd", { "aria-hidden": "true" }, name);
}

/** Make a link out of the page, or just the text where the address is not http or https. */
export function link(address: string | null, label: Node): Node {
  if (address === null || !/^https?:\/\//i.test(address)) return label;
  return h(
    "a",
    { href: address, target: "_blank", rel: "noopener noreferrer nofollow", referrerpolicy: "no-referrer" },
    label,
  );
}

/** Place an element along its parent, in percent; through the object model, which the policy allows. */
export function place(element: HTMLElement, from: number, to: number): void {
  const start = Math.min(100, Math.max(0, from * 100));
  const end = Math.min(100, Math.max(start, to * 100));
  element.style.setProperty("left", `${start}%`);
  element.style.setProperty("width", `${end - start}%`);
}

function isPresent(child: Child): boolean {
  return child !== null && child !== false;
}
