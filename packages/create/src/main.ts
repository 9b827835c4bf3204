#!/usr/bin/env node
import { commandTable, isCommand, runOffshoot } from "./commands.ts";
import { create } from "./create/command.ts";
import { runCommand } from "./terminal.ts";

// `npx create-offshoot update` is the same everywhere; the bare name `offshoot` would be whatever package has that name.
const words = process.argv.slice(2);
const more = `In a project, \`offshoot <command>\`:\n${commandTable}`;
await (isCommand(words[0]) ? runOffshoot(words) : runCommand("create-offshoot", { ...create, more }, words));
