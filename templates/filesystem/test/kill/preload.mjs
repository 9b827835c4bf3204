// `node --import ./preload.mjs …` kills the process at its N-th call that changes something on disk, counted from the
// moment when the file KILL_ARM exists. Node's fs and SQLite's statements count alike. The name of the call goes into
// KILL_ARM.at. With KILL_TORN the call is a write, of which half is done before.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import sqlite from "node:sqlite";
import util from "node:util";

const at = Number(process.env.KILL_AT);
const torn = process.env.KILL_TORN === "1";
const arm = process.env.KILL_ARM;
const { existsSync, writeFileSync, writeSync, constants } = fs;
let calls = 0;

/** Whether this is the call to end at. */
function isTime(name) {
  if (!existsSync(arm)) return false;
  calls += 1;
  if (calls !== at) return false;
  writeFileSync(`${arm}.at`, name);
  return true;
}
const end = () => process.kill(process.pid, "SIGKILL");

function count(owner, name, counts = () => true) {
  const original = owner[name];
  const counted = function (...args) {
    if (counts(args) && isTime(name)) {
      if (torn) writeSync(args[0], args[1], args[2] ?? 0, Math.floor((args[3] ?? args[1].length) / 2), args[4] ?? null);
      end();
      // The signal comes at once, but not within this call.
      for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
    }
    return original.apply(this, args);
  };
  owner[name] = Object.assign(counted, original);
}

const changes =
  "rename link symlink unlink rmdir rm mkdir ftruncate truncate futimes utimes fchmod chmod fchown chown writeFile fsync write writev".split(
    " ",
  );
for (const name of changes) for (const one of [name, `${name}Sync`]) if (fs[one]) count(fs, one);
const creates = ([, flags]) => (typeof flags === "number" ? flags & constants.O_CREAT : /^[aw]/.test(flags ?? "r"));
for (const name of ["open", "openSync"]) count(fs, name, creates);
for (const [type, names] of [
  [sqlite.DatabaseSync, ["exec"]],
  [sqlite.StatementSync, ["run"]],
])
  for (const name of names) count(type.prototype, name);
// util.promisify(fs.write) has a shape of its own.
Object.defineProperty(fs.write, util.promisify.custom, {
  value: (...args) =>
    new Promise((resolve, reject) =>
      fs.write(...args, (error, bytesWritten, buffer) => (error ? reject(error) : resolve({ bytesWritten, buffer }))),
    ),
});
syncBuiltinESMExports();
