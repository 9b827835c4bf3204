const pages = (prefix: string, entries: Record<string, string>) =>
  Object.entries(entries).map(([path, text]) => ({ text, link: `${prefix}${path}` }));

/** Every page, in the order in which one needs them. */
export const sidebar = [
  {
    text: "Begin",
    items: [
      { text: "What this is", link: "/" },
      ...pages("/docs/", { "make-it-yours": "A project of your own" }),
      ...pages("/templates/", {
        "minimal/": "minimal",
        "notes/": "notes",
        "filesystem/": "filesystem",
        "http-api/": "http-api",
      }),
    ],
  },
  {
    text: "Write",
    items: pages("/docs/", {
      "writing-a-tool": "A tool",
      resources: "Resources",
      prompts: "Prompts",
      settings: "Settings and profiles",
      "what-a-model-sees": "What a model sees",
      "depending-on-others": "Depend on others",
      testing: "Test it",
    }),
  },
  {
    text: "Run",
    items: [
      ...pages("/docs/", { "the-call-path": "The call path", operating: "Operate", drills: "Drills" }),
      { text: "Runbooks", link: "/docs/runbooks/" },
    ],
  },
  {
    text: "Keep up",
    items: pages("/docs/", {
      "take-upstreams-changes": "Take upstream's changes",
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
        testing: "API: core/testing",
        drills: "API: core/drills",
        bundle: "API: core/bundle",
        "verify-audit": "API: core/verify-audit",
      }),
    ],
  },
];
