// A file of its own, to be loaded when a description is YAML (and not by the package's name: a package of CommonJS
// loses its exports in a bundle when it is imported lazily).
export { parse } from "yaml";
