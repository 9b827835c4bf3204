/** A picture of one red pixel, as PNG in base64. */
export const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/**
 * How the picture is in what a client hands to its model: `ok` where it stands as a picture and nowhere else. In the
 * data or in a text, its base64 fills the model's context and shows it nothing.
 */
export function pictureIn(result: unknown): string {
  const places = [...placesOf(result, false)];
  const shown = places.filter((asPicture) => asPicture).length;
  if (places.length === 0) return "lost";
  if (shown === 0) return "only as text";
  return shown === places.length ? "ok" : "also as text";
}

/** Where a client only passes data on: `output` is Genkit's, `functionResponse` Gemini's. */
const AS_DATA = ["structuredContent", "output", "functionResponse"];

/** For each place whether it is a picture there: `typed` says that something around it calls itself an image. */
function* placesOf(value: unknown, typed: boolean): Generator<boolean> {
  if (typeof value === "string" && value.includes(PICTURE))
    yield typed && (value === PICTURE || value === `data:image/png;base64,${PICTURE}`);
  if (typeof value !== "object" || value === null) return;
  const image = Object.entries(value).some(
    ([name, inner]) => name === "image_url" || (typeof inner === "string" && /^image(\/|$)/.test(inner)),
  );
  for (const [name, inner] of Object.entries(value)) {
    if (AS_DATA.includes(name)) for (const _ of placesOf(inner, false)) yield false;
    else yield* placesOf(inner, typed || image);
  }
}
