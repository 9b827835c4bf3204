export { diffElement } from "./diff.ts";
export { button, element, fillInPieces, visible } from "./element.ts";
export { connectHost, type Host, type ToolAnswer, type ViewEvents } from "./host.ts";
