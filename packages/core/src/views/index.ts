export { diffElement } from "./diff.ts";
export { button, element, filled, visible } from "./element.ts";
export { connectHost, type Host, type ToolAnswer, type ViewEvents } from "./host.ts";
