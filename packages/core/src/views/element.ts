type Child = Node | string;
type Attributes = Record<string, string | boolean | ((event: Event) => void) | undefined>;

/**
 * Makes an element. Text stays text, whatever it holds: nothing is ever parsed as HTML. An attribute whose value is a
 * function listens to the event of its name (`click`), `true` sets it and `false` or `undefined` leaves it out.
 *
 * @example element("button", { type: "button", click: () => apply() }, "Apply")
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

/**
 * Fills an element with what is made of many items, a piece at a time and the rest on demand: no answer makes a browser
 * stand still.
 *
 * @returns a button that shows the next piece, to be put below it; hidden when there is no more
 */
export function filled<Item>(
  parent: HTMLElement,
  items: readonly Item[],
  make: (item: Item, index: number) => Node,
  piece = 200,
): HTMLButtonElement {
  let shown = 0;
  const show = (): void => {
    parent.append(...items.slice(shown, shown + piece).map((item, index) => make(item, shown + index)));
    shown = Math.min(shown + piece, items.length);
    more.hidden = shown === items.length;
    more.textContent = `Show more (${items.length - shown} left)`;
  };
  const more = button("", show);
  show();
  return more;
}

/** A button that cannot be pressed twice: it is off until what it does has ended. */
export function button(
  label: string,
  press: () => void | Promise<void>,
  attributes: Attributes = {},
): HTMLButtonElement {
  const click = async (): Promise<void> => {
    made.disabled = true;
    try {
      await press();
    } finally {
      made.disabled = false;
    }
  };
  const made = element("button", { type: "button", ...attributes, click: () => void click() }, label);
  return made;
}

// Controls, what turns text around, what has no width and tags. The joiners stay, which emoji and Persian are written with.
const UNSEEN = /(?![\n\t])\p{Cc}|[\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e0fff}]/gu;

/**
 * Text of others as it should be seen: what turns the text around it or does not show is written out, so that no name
 * can pose as another.
 */
export const visible = (text: string): string =>
  text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
