// SPDX-License-Identifier: Apache-2.0
import type { Socket } from "node:net";
import { ServerProtocol } from "./server-protocol.ts";
import type { StreamsOptions } from "./server-streams.ts";

export type ConnectionOptions = StreamsOptions & {
  readonly onClosed: (connection: ServerConnection) => void;
};

/** What a peer may leave unread before nothing more is read of it. */
const MAX_UNREAD_BYTES = 1 << 20;
/** How long the greeting waits for the first answer, to leave in one piece with it: the peer wakes once instead of twice. */
const GREETING_DELAY_MS = 5;

/** How long a peer that has not asked yet may take to do so when the server is closed: its process may wait for a processor. */
const FIRST_REQUEST_MS = 1000;

/** One connection of the server: moves octets between its socket and the protocol. */
export class ServerConnection {
  readonly #socket: Socket;
  readonly #protocol: ServerProtocol;
  #isFeeding = false;
  #isFlushPlanned = false;
  #greeting: NodeJS.Timeout | undefined;
  #hasGreeted = false;
  /** What had moved when it was last looked at, and since when that is so. */
  #moved = 0;
  #movedAtMs = performance.now();

  constructor(socket: Socket, { maxConcurrentStreams, onStream, onClosed }: ConnectionOptions) {
    this.#socket = socket;
    this.#protocol = new ServerProtocol({ maxConcurrentStreams, onStream, onOutgoing: () => this.#plan() });
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("end", () => this.#endInput());
    socket.on("drain", () => socket.resume());
    socket.on("error", () => undefined); // it closes next, and nobody is left to be told
    socket.on("close", () => {
      this.#protocol.abandon();
      clearTimeout(this.#greeting);
      onClosed(this);
    });
  }

  /** Lets what runs finish and takes nothing more, except, for a while, the first request of a peer that has not asked yet. */
  close(): void {
    this.#protocol.close();
    this.#flush();
    setTimeout(() => this.#refuse(), FIRST_REQUEST_MS).unref();
  }

  /**
   * Called now and then: closes the connection when for so long nothing has come or gone, unless a request that is here whole
   * waits for its answer, and its peer has not ended its side. While the peer's windows hold an answer back, or it leaves unread
   * what is said, only what goes of that counts.
   */
  closeIfIdle(maxIdleMs: number): void {
    this.#protocol.forgive();
    const { isHeldBack, isAnswering, dataFrames } = this.#protocol;
    const { bytesRead, bytesWritten, writableLength, readableEnded } = this.#socket;
    const moved = isHeldBack
      ? dataFrames
      : bytesWritten - writableLength + (writableLength > 0 ? 0 : bytesRead);
    const isWorking = isAnswering && !isHeldBack && writableLength === 0 && !readableEnded;
    const nowMs = performance.now();
    if (moved !== this.#moved) {
      this.#moved = moved;
      this.#movedAtMs = nowMs;
    } else if (nowMs - this.#movedAtMs >= maxIdleMs && !isWorking) {
      this.#refuse(); // a request that is on its way can safely be made again
      this.#socket.destroy();
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(bytes: Uint8Array): void {
    this.#isFeeding = true;
    this.#protocol.feed(bytes);
    this.#isFeeding = false;
    if (this.#hasGreeted || !this.#protocol.isAnswering) this.#flush();
    else this.#greeting ??= setTimeout(() => this.#flush(), GREETING_DELAY_MS);
  }

  /** Takes not even a first request. */
  #refuse(): void {
    this.#protocol.refuse();
    this.#flush();
  }

  /**
   * The peer says nothing more. Is there nothing to say to it either, as after a plugin's one call, then the connection needs no
   * farewell. Has it gone, then the first word to it fails and ends the connection.
   */
  #endInput(): void {
    this.#protocol.endInput();
    if (this.#protocol.isOver && this.#socket.writableLength === 0) this.#socket.destroy();
    else this.#flush();
  }

  /** Whatever is said in one turn leaves in one write. */
  #plan(): void {
    if (this.#isFeeding || this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    queueMicrotask(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    const octets = this.#protocol.takeOutgoing();
    if (octets !== "" && this.#socket.writable) {
      this.#hasGreeted = true;
      clearTimeout(this.#greeting);
      this.#socket.write(octets, "latin1");
      if (this.#socket.writableLength > MAX_UNREAD_BYTES) this.#socket.pause();
    }
    if (!this.#protocol.isOver || this.#socket.writableEnded) return;
    this.#socket.pause(); // there is nobody to feed
    this.#socket.destroySoon();
  }
}
