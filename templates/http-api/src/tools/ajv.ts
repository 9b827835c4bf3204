// A file of its own, to be loaded when the first value is checked: a package of CommonJS cannot be imported lazily by
// its name, because in a bundle its exports would be lost.
export { Ajv2020 } from "ajv/dist/2020.js";
