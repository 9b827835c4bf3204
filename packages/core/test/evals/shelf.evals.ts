import { defineEval } from "../../src/evals/index.ts";
import { openShelf, type Worse } from "./shelf.ts";

const emma = { title: "Emma", author: "Jane Austen" };

export const shelfEval = (worse?: Worse) =>
  defineEval({
    name: "shelf",
    server: () => openShelf(worse),
    scenarios: [
      {
        name: "a book is found by the id it was given",
        kind: "golden",
        task: 'Add the book "Emma" by "Jane Austen", and read it back',
        steps: [
          { call: "add_book", input: emma, as: "book", expect: { data: emma, state: "changed" } },
          {
            call: "find_book",
            input: { id: "{book.id}" },
            expect: { text: ["Emma"], data: { author: "Jane Austen" } },
          },
        ],
        says: { text: ["Austen"], notText: ["Brontë"] },
      },
      {
        name: "books are counted",
        kind: "golden",
        given: [{ call: "add_book", input: emma }],
        steps: [{ read: "shelf://count", expect: { text: ["1"] } }],
      },
      {
        name: "a book that nobody has is refused with the way to those that are there",
        kind: "adversarial",
        steps: [{ call: "find_book", input: { id: "b9" }, expect: { refused: ["b9", "list_books"], state: "same" } }],
      },
      {
        name: "what one caller has put there is not another's",
        kind: "adversarial",
        steps: [
          { call: "add_book", input: emma, by: "alice", as: "book" },
          {
            call: "find_book",
            input: { id: "{book.id}" },
            by: "bob",
            expect: { refused: ["list_books"], notText: ["Emma"] },
          },
        ],
      },
      {
        name: "a user who does not agree keeps the book",
        kind: "adversarial",
        task: "Throw everything away that the shelf holds",
        user: { action: "decline" },
        given: [{ call: "add_book", input: emma, as: "book" }],
        steps: [
          { call: "remove_book", input: { id: "{book.id}" }, expect: { refused: ["user keeps"], state: "same" } },
        ],
        mustNotCall: ["add_book"],
      },
    ],
  });
