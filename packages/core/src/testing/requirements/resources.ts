import { findResource } from "../../call/methods/resources.ts";
import { ErrorCode } from "../../contract/errors.ts";
import { attempt, describe } from "./attempt.ts";
import { nameProblem } from "./names.ts";
import { notExercised, type Requirement, report, type Subject } from "./requirement.ts";
import { isText } from "./tools.ts";

/** How many listed resources are read; a store may list thousands. */
const READ_AT_MOST = 25;

/** What can be read here: the listed and the sampled. @throws NotExercised when the server has no resources */
async function readable({ client, definition, samples }: Subject): Promise<string[]> {
  if (definition.resources.size === 0) notExercised("this server has no resources");
  const listed = (await client.resources()).map(({ uri }) => String(uri));
  return [...new Set([...listed.slice(0, READ_AT_MOST), ...(samples.resources?.read ?? [])])];
}

async function notFoundProblem(subject: Subject, uri: string): Promise<string | undefined> {
  const answer = await attempt(subject.client.read(uri));
  if (answer.refusal?.code !== ErrorCode.invalidParams)
    return `Reading ${uri} must be refused with -32602; it got ${describe(answer)}.`;
  if ((answer.refusal.data as { uri?: unknown } | undefined)?.uri === uri) return undefined;
  return `The refusal of ${uri} must carry data.uri. In a read, fail(text, { code: "not_found" }) does it.`;
}

/** Requirements on resources and their templates. */
export const resourceRequirements: readonly Requirement[] = [
  {
    id: "resources-described",
    because:
      "People pick resources from a list: an entry without a name or a type is a line that nobody can tell from the next.",
    async check({ client, definition }) {
      if (definition.resources.size === 0) notExercised("this server has no resources");
      const fixed = new Set([...definition.resources.values()].map(({ uri }) => uri));
      const problems: (string | undefined)[] = [];
      for (const { uri, name, description, mimeType } of await client.resources()) {
        if (!URL.canParse(String(uri))) problems.push(`The resource ${String(uri)} has no absolute URI.`);
        if (!isText(name)) problems.push(`The resource ${String(uri)} has no name.`);
        if (!isText(mimeType)) problems.push(`The resource ${String(uri)} has no MIME type.`);
        if (fixed.has(String(uri)) && !isText(description))
          problems.push(`The resource ${String(uri)} has no description.`);
      }
      for (const { uriTemplate, name, title, description, mimeType } of await client.templates()) {
        problems.push(nameProblem("resource", name));
        if (!isText(title) || !isText(description))
          problems.push(`The template ${String(uriTemplate)} needs a title and a description.`);
        if (!isText(mimeType)) problems.push(`The template ${String(uriTemplate)} has no MIME type.`);
      }
      report(problems);
    },
  },
  {
    id: "resources-readable",
    because:
      "A list is a promise: the client offers what it shows, and a click on it must give the content under the very URI that was asked for.",
    async check(subject) {
      const { client, definition } = subject;
      const uris = await readable(subject);
      const problems: string[] = [];
      for (const uri of uris) {
        const answer = await attempt(client.read(uri));
        const contents = answer.result;
        if (contents === undefined || contents.length === 0) {
          problems.push(`Reading ${uri} must give contents; it got ${describe(answer)}.`);
          continue;
        }
        if (!contents.some((item) => item.uri === uri))
          problems.push(`Reading ${uri} gave contents of ${contents.map((item) => String(item.uri)).join(", ")}.`);
        for (const { mimeType, text, blob } of contents) {
          if (!/^[\w.+-]+\/[\w.+-]+/.test(String(mimeType))) problems.push(`The contents of ${uri} have no MIME type.`);
          if ((typeof text === "string") === (typeof blob === "string"))
            problems.push(`The contents of ${uri} must be either text or blob.`);
        }
      }
      report(problems);
      const read = new Set(uris.map((uri) => findResource(definition.resources.values(), uri)?.[0].name));
      const bare = [...definition.resources.values()].filter(({ name }) => !read.has(name));
      if (bare.length > 0) notExercised(`nothing listed and no sample for ${bare.map(({ uri }) => uri).join(", ")}`);
    },
  },
  {
    id: "unknown-resource",
    because: "Only data.uri tells a client that a resource is not there, as against a request that it got wrong.",
    async check(subject) {
      if (subject.definition.resources.size === 0) notExercised("this server has no resources");
      report([await notFoundProblem(subject, "offshoot-unknown://nothing/here")]);
    },
  },
  {
    id: "missing-resource",
    because:
      "What was there yesterday may be gone today: an empty text instead of an error tells the model that it is there and empty.",
    async check(subject) {
      if (subject.definition.resources.size === 0) notExercised("this server has no resources");
      const missing = subject.samples.resources?.missing ?? [];
      if (missing.length === 0) notExercised("no sample of a resource that is missing");
      const problems: (string | undefined)[] = [];
      for (const uri of missing) problems.push(await notFoundProblem(subject, uri));
      report(problems);
    },
  },
  {
    id: "subscription",
    because:
      "A subscriber stops asking: where a subscription was announced and is refused, the client keeps what it read first.",
    async check(subject) {
      const resources = [...subject.definition.resources.values()];
      if (!resources.some(({ subscribe }) => subscribe === true)) notExercised("nothing here can be subscribed to");
      const uri = (await readable(subject)).find((one) => findResource(resources, one)?.[0].subscribe === true);
      if (uri === undefined) notExercised("no sample for a resource that can be subscribed to");
      const announced =
        (subject.client.capabilities.resources as { subscribe?: unknown } | undefined)?.subscribe === true;
      if (!announced)
        report(["Resources can be subscribed to and the capability resources.subscribe is not announced."]);
      const answer = await attempt(subject.client.subscribe([uri]));
      if (!("result" in answer)) report([`Subscribing to ${uri} must succeed; it got ${describe(answer)}.`]);
    },
  },
];
