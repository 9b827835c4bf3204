// A file of its own, to be loaded when a description is YAML (see src/tools/ajv.ts for why not by the package's name).
export { parse } from "yaml";
