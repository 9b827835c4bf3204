// A client made of the official package: it checks every message of a view against the published schema.
import { AppBridge, PostMessageTransport } from "@modelcontextprotocol/ext-apps/app-bridge";

const frame = document.querySelector("iframe") as HTMLIFrameElement;
const heard: string[] = [];
Object.assign(globalThis, { heard });
const bridge = new AppBridge(
  null,
  { name: "official", version: "1.0.0" },
  { serverTools: {}, updateModelContext: { text: {} } },
  { hostContext: { theme: "dark", styles: { variables: { "--color-text-primary": "rgb(1, 2, 3)" } as never } } },
);
bridge.oninitialized = async () => {
  heard.push(`initialized ${bridge.getAppVersion()?.name}`);
  await bridge.sendToolInput({ arguments: { words: "</script><b>" } });
  await bridge.sendToolResult({ content: [{ type: "text", text: "text" }], structuredContent: { words: 1 } });
};
bridge.oncalltool = async ({ name, arguments: args }) => {
  heard.push(`call ${name} ${JSON.stringify(args)}`);
  return { content: [{ type: "text", text: "no such word" }], isError: true };
};
bridge.onupdatemodelcontext = async ({ content }) => {
  heard.push(`told ${JSON.stringify(content)}`);
  return {};
};
bridge.onsizechange = ({ height }) => heard.push(`height ${typeof height}`);
bridge.onerror = (error) => heard.push(`error ${error.message}`);
Object.assign(globalThis, { teardown: () => bridge.teardownResource({}), bridge });
await bridge.connect(new PostMessageTransport(frame.contentWindow as Window, frame.contentWindow as Window));
