/**
 * What a hostile note of a megabyte costs: `node test/growth/hostile.ts`. Milliseconds for its links and tags, and for
 * its headings, and how often a plain pass of markdown-it over its blocks each takes.
 */
import MarkdownIt from "markdown-it";
import { outlineOf } from "../../src/domain/text/markdown/headings.ts";
import { marksIn } from "../../src/domain/text/markdown/inline.ts";

const kinds = ["<!--", "<a ", "[", "![[", "](", "[a](", "`", "` ``", "*_", "> ", "1. ", "- ", "# ", "#a ", "|[[a]]\n"];
const texts = {
  prose: "A plain line of words, with [[a link]] and a #tag in it.\n",
  ...Object.fromEntries(kinds.map((kind) => [kind.trim(), kind])),
};

const plain = new MarkdownIt("commonmark").enable("table");
plain.core.ruler.enableOnly("block");

function time(work: () => unknown): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

console.log("text                 plain ms    links       headings");
for (const [name, piece] of Object.entries(texts)) {
  const body = piece.repeat(2 ** 20 / piece.length);
  const base = Math.min(...[1, 2].map(() => time(() => plain.parse(body, {}))));
  const show = (ms: number) => `${ms.toFixed(0).padStart(5)} (${(ms / base).toFixed(1)})`.padEnd(13);
  const [links, headings] = [time(() => marksIn(body)), time(() => outlineOf(body))];
  console.log(
    `${JSON.stringify(name).slice(0, 18).padEnd(18)} ${base.toFixed(0).padStart(9)}  ${show(links)} ${show(headings)}`,
  );
}
