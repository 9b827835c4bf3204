const pages = (prefix: string, entries: Record<string, string>) =>
  Object.entries(entries).map(([path, text]) => ({ text, link: `${prefix}${path}` }));

const runbooks = pages("/docs/runbooks/", {
  spike: "A spike: more calls than the server can handle",
  "background-backlog": "Background work piles up",
  "slow-dependency": "A dependency is slow or down",
  "environment-drift": "An instance is configured differently than you think",
  "incompatible-payloads": "Inputs or answers have a new shape",
  "access-policy-change": "Who may do what has changed, or must",
});

/** Every page, in the order in which one needs them. */
export const sidebar = [
  {
    text: "Begin",
    items: [
      { text: "What this is", link: "/" },
      ...pages("/docs/", { "make-it-yours": "A project of your own", compare: "How it compares" }),
      ...pages("/templates/", {
        "minimal/": "Template: minimal",
        "notes/": "Template: notes",
        "filesystem/": "Template: filesystem",
        "http-api/": "Template: http-api",
      }),
    ],
  },
  {
    text: "Write",
    items: pages("/docs/", {
      "writing-a-tool": "A tool",
      "what-a-model-sees": "What a model sees",
      resources: "Resources",
      prompts: "Prompts",
      "questions-to-the-user": "Questions to the user",
      views: "Views",
      settings: "Settings, profiles, scopes",
      "depending-on-others": "Depend on others",
      testing: "Test it",
      "add-a-template": "Add a template",
    }),
  },
  {
    text: "Run",
    items: [
      ...pages("/docs/", {
        "let-others-in": "Let others in",
        policy: "Who may do what",
        deploy: "Deploy",
        "several-instances": "Several instances",
        "how-far-does-it-go": "How far does it go",
        speed: "How fast it is",
        clients: "Clients",
        operating: "Operate",
        "try-a-handler": "Try another handler",
        "live-page": "The live page",
      }),
      { text: "Runbooks", link: "/docs/runbooks/", collapsed: true, items: runbooks },
      ...pages("/docs/", { "the-call-path": "The call path", drills: "Drills" }),
      { text: "Bench", link: "/packages/core/bench/" },
    ],
  },
  {
    text: "Keep up",
    items: pages("/docs/", {
      "roll-out-a-change": "Roll out a change",
      "take-upstreams-changes": "Take upstream's changes",
      upgrade: "Upgrade",
      "when-a-contract-must-break": "When a contract must break",
    }),
  },
  {
    text: "Reference",
    items: [
      { text: "@offshoot/core", link: "/packages/core/" },
      { text: "create-offshoot", link: "/packages/create/" },
      ...pages("/api/", {
        core: "API: core",
        serve: "API: core/serve",
        resilience: "API: core/resilience",
        fetch: "API: core/fetch",
        instance: "API: core/instance",
        view: "API: core/view",
        testing: "API: core/testing",
        evals: "API: core/evals",
        drills: "API: core/drills",
        bundle: "API: core/bundle",
        "verify-audit": "API: core/verify-audit",
      }),
    ],
  },
];

/** @throws Error naming the pages that nobody would find, because the sidebar does not have them. */
export function checkSidebar(pages: string[]): void {
  const linked = JSON.stringify(sidebar);
  const missing = pages
    .map((page) =>
      page
        .replace(/^site\/api\//, "api/")
        .replace(/(^|\/)README\.md$/, "$1")
        .replace(/\.md$/, ""),
    )
    .filter((page) => !linked.includes(`"/${page}"`));
  if (missing.length > 0) throw new Error(`The sidebar has no ${missing.join(", ")}. See site/.vitepress/sidebar.ts.`);
}
