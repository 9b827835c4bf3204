import { createHash } from "node:crypto";
import { readPage } from "./read-page.ts";

const hashOf = (html: string, element: RegExp): string =>
  `'sha256-${createHash("sha256")
    .update(element.exec(html)?.[1] ?? "")
    .digest("base64")}'`;

/** The page as one document, and the policy that lets nothing run in it or leave it but its own script and events. */
export function livePage(): { html: string; policy: string } {
  const html = readPage();
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(html, /<script type="module">([\s\S]*?)<\/script>/)}`,
    `style-src ${hashOf(html, /<style>([\s\S]*?)<\/style>/)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, policy };
}
