#!/usr/bin/env node
import { create } from "./create/command.ts";
import { runCommand } from "./terminal.ts";

await runCommand("create-offshoot", create, process.argv.slice(2));
