import { posix } from "node:path";

/** Folders in which tools keep what lets them in. */
const FOLDERS = /(?:^|\/)(?:\.(?:ssh|gnupg|aws|azure|kube|docker)|\.config\/(?:gcloud|gh))\//;

/** Where `auth.json` is what lets a tool in; in `locales/` it is words. */
const OWN_AUTH = /(?:^|(?:^|\/)\.[^/]+\/)auth\.(?:json|toml)$/;

/** Names under which keys and passwords usually lie. Source: the default rules of secret scanners and ignore files. */
const NAMES = [
  /^\.env(?![a-z])|^\.envrc$|^\.dev\.vars|.\.env$/,
  /\.(?:pem|key|p8|p12|pfx|pvk|ppk|jks|bks|keystore|keytab|kdbx?|keychain(?:-db)?|asc|gpg|pgp|age|agekey|ovpn)$/,
  /\.(?:tfstate|tfvars)(?:\.|$)/,
  /(?:^|[-_.])id_(?:rsa|dsa|ecdsa|ed25519|xmss)|^ssh_host_.*_key$|_(?:rsa|dsa|ecdsa|ed25519)$/,
  /^[._](?:npmrc|netrc|pypirc|htpasswd|git-credentials|docker(?:cfg|configjson)|pgpass|boto|s3cfg|terraformrc|vault[-_].*)$/,
  /^\.?(?:htpasswd|passwd|shadow|pgpass\.conf|my(?:login)?\.cnf|ftpconfig|sftp-config\.json|terraform\.rc)$|^wallet\.dat$/,
  /^\..*_history$|^local\.settings\.json$|^(?:wp-config|rootkey)\.|^auth-keys\.(?:json|toml)$/,
];

/** What people write and programs are: `tokens.ts` and `credentials.md` are no secrets. */
const WRITTEN = /\.(?:[cm]?[jt]sx?|map|wasm|md|mdx|html?|s?css|svg|png|jpe?g|gif|webp|py|rb|rs|go|sh)$/;

/** What data is called that is one: as its whole name, its first part or its last. */
const WORD =
  "credentials?|secrets?|passwords?|passwd|tokens?|(?:api|private|access|service|deploy|signing|master)[-_]?keys?|kubeconfig";
const WORDS = [
  new RegExp(`^\\.?(?:${WORD})(?:\\.|$)`),
  new RegExp(`[-_.](?:${WORD})(?:\\.[^-_]*)?$`),
  /service[-_]?account|adminsdk|client[-_]secret/,
];

/** What is not a secret, though its name begins like one. */
const HARMLESS = /\.(?:pub|example|sample|template|dist)$/;

/** What editors and people put behind the name of a copy. */
const COPY = /(?:~|\.(?:bak|backup|old|orig|save|swp|tmp|copy|\d+))+$/;

/** Whether a file's name says that a key or a password is in it; such a file is not handed to others. */
export function isSecretName(path: string): boolean {
  const name = posix
    .basename(path)
    .replaceAll(/(?<=[a-z])(?=[A-Z][a-z])/g, "-")
    .toLowerCase()
    .replace(COPY, "");
  if (HARMLESS.test(name)) return false;
  return (
    FOLDERS.test(path.toLowerCase()) ||
    OWN_AUTH.test(path.toLowerCase()) ||
    NAMES.some((pattern) => pattern.test(name)) ||
    (!WRITTEN.test(name) && WORDS.some((pattern) => pattern.test(name)))
  );
}
