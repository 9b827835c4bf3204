import type { Readable } from "node:stream";

/** Messages handed on per turn of the event loop: what they answer is on its way before the next are begun. */
export const MESSAGES_PER_TURN = 16;
/** Messages read but not handed on past which reading stops, and their bytes. */
const MAX_UNREAD = 1_024;
const MAX_UNREAD_BYTES = 4_194_304;

/** A message with its length on the wire, in bytes or characters. */
export interface Sized<Message> {
  readonly message: Message;
  readonly length: number;
}

/**
 * Hands messages on in order, a few per turn, and stops reading while too many wait.
 *
 * @param receive takes a message, or answers with a promise after which the same message is offered again
 */
export function createInbox<Message>(receive: (sized: Sized<Message>) => Promise<void> | undefined, input: Readable) {
  let waiting: Sized<Message>[] = [];
  let waitingLength = 0;
  let scheduled = false;
  let blocked = false;
  let room = MESSAGES_PER_TURN;
  const take = (sized: Sized<Message>): boolean => {
    const later = receive(sized);
    if (later === undefined) {
      room -= 1;
      return true;
    }
    blocked = true;
    void later.finally(() => {
      blocked = false;
      // At once, not next turn: a cancellation from the same chunk must arrive before its request's handler runs.
      work();
    });
    return false;
  };
  const work = (): void => {
    let taken = 0;
    while (taken < waiting.length && room > 0 && !blocked && take(waiting[taken] as Sized<Message>)) {
      waitingLength -= (waiting[taken] as Sized<Message>).length;
      taken += 1;
    }
    waiting = waiting.slice(taken);
    if (waiting.length < MAX_UNREAD && waitingLength < MAX_UNREAD_BYTES && input.isPaused()) input.resume();
    schedule();
  };
  const schedule = (): void => {
    if (scheduled || blocked || (waiting.length === 0 && room === MESSAGES_PER_TURN)) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      room = MESSAGES_PER_TURN;
      work();
    });
  };
  return {
    get size() {
      return waiting.length;
    },
    push(sized: Sized<Message>): void {
      if (room === 0 || waiting.length > 0 || blocked || !take(sized)) {
        waiting.push(sized);
        waitingLength += sized.length;
        if (waiting.length > MAX_UNREAD || waitingLength > MAX_UNREAD_BYTES) input.pause();
      }
      schedule();
    },
  };
}
