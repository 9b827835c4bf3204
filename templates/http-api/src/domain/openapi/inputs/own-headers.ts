/**
 * Headers that are the client's own, or that change what a request is after all was decided: its method, host, length,
 * encoding, credentials and the way it takes. A model never sets them, whatever a description says.
 */
const OWN_HEADERS = new RegExp(
  `^(${[
    ...["x-http-method(-.*)?", "x-method(-.*)?", "x-original-.*", "x-rewrite-.*", "x-override-.*"],
    ...[
      "host",
      "x-host",
      "x-forwarded(-.*)?",
      "forwarded",
      "via",
      "x-real-ip",
      "(x|true|cf|fastly)-(cluster-)?(client|connecting)-ip",
    ],
    ...["content-.*", "transfer-encoding", "accept(-encoding)?", "te", "trailer", "expect", "max-forwards"],
    ...["authorization", "x-authorization", "proxy-.*", "cookie2?", "set-cookie2?", "idempotency-key"],
    ...["connection", "keep-alive", "upgrade", "http2-settings"],
  ].join("|")})$`,
  "i",
);

/** What a header can be called (RFC 9110, 5.6.2). */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Also what no header can be called. Some servers read `X_HTTP_METHOD_OVERRIDE` as if it had dashes. */
export const isOwnHeader = (name: string): boolean => !NAME.test(name) || OWN_HEADERS.test(name.replaceAll("_", "-"));
