import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { client, ownClient, read, validator } from "../../fixtures/schemas.ts";

/**
 * The JSON Schema Test Suite, from a checkout of it: https://github.com/json-schema-org/JSON-Schema-Test-Suite. What it
 * calls valid has to be accepted, by the whole schema and by all that is shown of it. What it calls invalid may be
 * accepted where the description's parts are not followed; how often is counted.
 */
const folder = process.env.JSON_SCHEMA_TEST_SUITE;
const suite = join(folder ?? "", "tests/draft2020-12");
const files =
  folder !== undefined && existsSync(suite)
    ? readdirSync(suite).filter(
        (
          name, // Its metaschemas switch validation off.
        ) => name.endsWith(".json") && name !== "vocabulary.json",
      )
    : [];

interface Group {
  description: string;
  schema: unknown;
  tests: { description: string; data: unknown; valid: boolean }[];
}

/** Files of the suite about what descriptions of APIs have no use for: accepted, and not looked at. */
const NOT_FOLLOWED =
  /^(anchor|dynamicRef|refRemote|defs|ref|infinite-loop-detection|unevaluated\w+|not)\.json:|enum.json: empty enum|__proto__/;

describe.skipIf(files.length === 0)(
  "the JSON Schema Test Suite (JSON_SCHEMA_TEST_SUITE names a checkout of it)",
  () => {
    let invalid = 0;
    const accepted: string[] = [];

    test.each(files)("%s: what is valid is accepted, whole and as shown", (file) => {
      const groups = JSON.parse(readFileSync(join(suite, file), "utf8")) as Group[];
      const wrong: string[] = [];
      for (const { description, schema, tests } of groups) {
        const { whole, model, client: shown } = read(schema);
        const check = validator(whole);
        const shownTo = [
          client(shown),
          client(read(schema, "reply", 40).client),
          ownClient(model),
          ownClient(read(schema, "request", 40).model),
        ];
        for (const { description: what, data, valid } of tests) {
          const name = `${file}: ${description}: ${what}`;
          const fits = check(data).length === 0;
          if (valid && !fits) wrong.push(name);
          if (fits)
            for (const [to, fitsShown] of shownTo.entries()) if (!fitsShown(data)) wrong.push(`${name} (shown ${to})`);
          if (valid) continue;
          invalid += 1;
          if (!fits) continue;
          accepted.push(name);
        }
      }
      expect(wrong).toEqual([]);
    });

    test("nearly all that is invalid is refused, and what is not is of a known kind", () => {
      const unknown = accepted.filter((name) => !NOT_FOLLOWED.test(name));
      expect(unknown).toEqual([]);
      expect(accepted.length / invalid).toBeLessThan(0.1);
    });
  },
);
