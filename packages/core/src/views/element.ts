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
export function fillInPieces<Item>(
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

/**
 * A button that cannot be pressed twice: it is off until what it does has ended. Who pressed it goes on from there, or
 * from the heading where the button has gone, and not from the top of the client.
 */
export function button(
  label: string,
  press: () => void | Promise<void>,
  attributes: Attributes = {},
): HTMLButtonElement {
  const click = async (): Promise<void> => {
    const hadFocus = document.activeElement === made;
    made.disabled = true;
    try {
      await press();
    } finally {
      made.disabled = false;
      // What is switched off or taken away loses the focus.
      if (hadFocus && (document.activeElement ?? document.body) === document.body) focusOn(made);
    }
  };
  const made = element("button", { type: "button", ...attributes, click: () => void click() }, label);
  return made;
}

function focusOn(pressed: HTMLElement): void {
  const heading = document.querySelector("h1");
  if (!pressed.isConnected) heading?.setAttribute("tabindex", "-1");
  (pressed.isConnected ? pressed : heading)?.focus();
}

// Joiners and the choice of a picture stay, which emoji and Persian are written with.
const UNSEEN =
  /(?![\n\t]|\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb\u2800\u{1d159}]/gu;

/**
 * Text of others as it should be seen: what turns the text around it or does not show is written out, so that no name
 * can pose as another.
 */
export const visible = (text: string): string =>
  text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`);
