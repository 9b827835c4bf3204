#!/usr/bin/env node
import { runOffshoot } from "./commands.ts";

await runOffshoot(process.argv.slice(2));
