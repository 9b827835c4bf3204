import { posix } from "node:path";

/** Names under which keys and passwords usually lie. Source: the default rules of secret scanners and ignore files. */
const SECRET = [
  /^\.env(?!\.(?:example|sample|template)$)(?:\..+)?$/,
  /\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk|asc)$/,
  /^id_(?:rsa|dsa|ecdsa|ed25519)(?!\.pub$)/,
  /^\.(?:npmrc|netrc|pypirc|htpasswd|git-credentials|dockercfg|pgpass)$/,
  /^(?:credentials?|secrets?|passwords?|tokens?|service[-_]account.*)(?:\.(?:json|ya?ml|toml|ini|txt|env|xml|csv))?$/,
];

/** Whether a file's name says that a key or a password is in it; such a file is not handed to others. */
export function isSecretName(path: string): boolean {
  const name = posix.basename(path).toLowerCase();
  return SECRET.some((pattern) => pattern.test(name));
}
