// Shows what it hears, a line each, and calls a tool when its button is pressed.
import { button, connectHost, element, visible } from "../../../src/views/index.ts";

const main = document.querySelector("main") as HTMLElement;
const say = (text: string): void => main.append(element("p", {}, visible(text)));
const host = connectHost<object, object>("echo", {
  input: (input) => say(`input ${JSON.stringify(input)}`),
  answer: ({ data, text, isError }) => say(`answer ${JSON.stringify({ data, text, isError })}`),
  cancelled: (reason) => say(`cancelled ${reason}`),
});
main.append(
  button("Call", async () => {
    const answer = await host.callTool("echo", { words: 1 }).catch((error: Error) => ({ refused: error.message }));
    say(`called ${JSON.stringify(answer)}`);
    await host.tellModel("the user pressed Call");
  }),
);
