import { expect, test } from "vitest";
import { isSecretName } from "../src/secret-name.ts";
import { readTemplate, templateNames } from "../src/templates.ts";

const words = (text: string): string[] => text.trim().split(/\s+/);

test.each(
  words(`
.env .ENV .env.local .env.production.local .env-prod .env~ .env.bak prod.env .envrc .dev.vars id_rsa ID_RSA id_ed25519 id_ed25519_sk
id_ecdsa.bak my_id_ed25519 github_rsa ssh_host_ed25519_key deploy_key cert.p12 CERT.PFX db.kdbx db.kdb key.ppk x.p8 x.jks x.keystore
x.keytab x.pem x.pem.bak server.key.old x.gpg x.age x.ovpn login.keychain-db .npmrc .netrc _netrc .pypirc .htpasswd .git-credentials
.dockercfg .dockerconfigjson .pgpass .my.cnf .boto .s3cfg .vault-token .vault_pass.txt .terraformrc .aws/config .docker/config.json
.kube/config .ssh/config .gnupg/x .config/gcloud/x.db .config/gh/hosts.yml .claude/.credentials.json .codex/auth.json
service-account.json serviceAccountKey.json my-service-account.json service-account-prod.json firebase-adminsdk-x1.json
client_secret_123.apps.json client-secrets.json gcloud-service-key.json application_default_credentials.json credentials
credentials.csv credentials.prod.json credentials.json.bak db-credentials.json aws_credentials accessKeys.csv user_accessKeys.csv
rootkey.csv secrets secret.yaml secrets.prod.yaml app.secrets.json secrets.yml.enc user-secrets.json passwords.txt passwords.xlsx
passwd shadow token token.json api-key.txt apiKeys.json auth-keys.json kubeconfig kubeconfig.yaml prod.kubeconfig terraform.tfstate
terraform.tfstate.backup prod.tfstate terraform.tfvars terraform.tfvars.json master.key local.settings.json wp-config.php
.bash_history .node_repl_history private_key privateKey.txt signing-key.json .secrets .password .token wallet.dat`),
)("%s has the name of a secret", (name) => {
  expect(isSecretName(`deep/${name}`)).toBe(true);
  expect(isSecretName(name)).toBe(true);
});

test.each(
  words(`
.env.example .env.sample .env.local.example id_rsa.pub id_ed25519.pub tokens.ts token.js secret-santa.ts secret-santa.json keyboard.ts
monkey.md public-key.ts tokenizer.json credentials.ts credentials.md environment.ts env.ts api-keys.md secret-name.test.ts
token-C3X2.js tokens.d.ts tokens.css keys.ts private-key.md history.ts shadow.css kubeconfig.ts.md docker/config.json
password-rules.json contract.lock.json package.json .gitignore .github/workflows/ci.yml .yarnrc.yml aws.ts ssh.md auth.ts author.json
locales/en/auth.json`),
)("%s has not", (name) => {
  expect(isSecretName(`src/${name}`)).toBe(false);
});

test("an auth.json of the project itself has", () => {
  expect(isSecretName("auth.json")).toBe(true);
  expect(isSecretName("dist/.composer/auth.json")).toBe(true);
});

test("no file of a template has", () => {
  for (const name of templateNames()) expect([...readTemplate(name).files.keys()].filter(isSecretName)).toEqual([]);
});
