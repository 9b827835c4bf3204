import { hashNote } from "../../src/domain/store/sqlite-rows.ts";

const start = Date.parse("2026-01-01T00:00:00.000Z");
export const timeOf = (number: number) => new Date(start + number * 10_000).toISOString();

/** Words as texts have them: few of them are most of the text. The same ones in every run. */
function createWords() {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return (count: number) => Array.from({ length: count }, () => `w${Math.floor(random() ** 3 * 20_000).toString(36)}`);
}

/**
 * The same notes in every run: one of fifty is in the trash, a tenth are tagged "old", one of a thousand is rare. Each links
 * to a live one before it, but for one of a thousand, whose link leads nowhere.
 */
export function* generateNotes(count: number) {
  const words = createWords();
  for (let number = 1; number <= count; number++) {
    const title = `Note ${number}`;
    const body = [...words(25), "common", ...(number % 1_000 === 1 ? ["rare"] : [])].join(" ");
    const tags = [
      ...(number % 2 === 0 ? ["half"] : []),
      ...(number % 1_000 === 1 ? ["rare"] : []),
      ...(number <= count / 10 ? ["old"] : []),
    ];
    const [at, folder, key] = [timeOf(number), `f${number % 100}`, title.toLowerCase()];
    const target = number % 1_000 === 2 ? "nowhere" : `note ${number - (number % 50 === 1 ? 2 : 1)}`;
    const deleted_at = number % 50 === 0 ? at : null;
    const content = { title, body, tags, folder, file: null, front: "", version: 1, size: body.length };
    const row = { number, ...content, created_at: at, updated_at: at, deleted_at, seq: number };
    const derived = {
      titleKey: key,
      folderKey: folder,
      names: [{ key, own: key, path: `${folder}/${key}`, kind: 0 as const }],
      links: [{ key: target, path: target }],
      tags: tags.map((tag) => ({ key: tag, tag })),
      words: { title: key, body, tags: tags.join(" "), signs: "" },
    };
    yield { row, derived, hash: hashNote(row) };
  }
}
