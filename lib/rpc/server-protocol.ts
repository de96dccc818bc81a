// SPDX-License-Identifier: Apache-2.0
// The server's side of one HTTP/2 connection (RFC 9113, cleartext with prior knowledge), without I/O: what is read is fed, what
// is to be written is taken.
import { latin1, readUint31 } from "./bytes.ts";
import { ClientPreface } from "./client-preface.ts";
import { HeaderBlockReader } from "./header-block.ts";
import {
  ErrorCode,
  encodeFrame,
  type Frame,
  FrameFlag,
  FrameReader,
  FrameType,
  Http2Error,
  hasFlag,
  payloadOf,
} from "./http2-frame.ts";
import { uint32Octets } from "./octets.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { ServerOutput } from "./server-output.ts";
import { ServerStreams, type StreamsOptions } from "./server-streams.ts";
import { parseSettings } from "./settings.ts";

export type ProtocolOptions = StreamsOptions & {
  /** There is something to take. */
  readonly onOutgoing: () => void;
};

const MAX_HEADER_LIST_SIZE = 16 << 10;
/**
 * Frames that ask for work without getting the peer anything: pings, settings, resets, empty parts. So many are taken until
 * the next forgive(), and more for each DATA frame of an answer, which makes the peer open its windows and maybe measure.
 */
const MAX_IDLE_FRAMES = 10_000;
const IDLE_FRAMES_PER_DATA_FRAME = 3;

export class ServerProtocol {
  readonly #options: ProtocolOptions;
  readonly #output: ServerOutput;
  readonly #preface = new ClientPreface();
  readonly #reader = new FrameReader();
  readonly #headers = new HeaderBlockReader(MAX_HEADER_LIST_SIZE);
  readonly #received: ReceiveWindow;
  readonly #streams: ServerStreams;
  #hasSettings = false;
  #idleFrames = 0;
  /** No request is taken any more, but the first one. */
  #isClosing = false;
  /** Not even that one. */
  #isRefusing = false;
  #isBroken = false;

  constructor(options: ProtocolOptions) {
    this.#options = options;
    this.#output = new ServerOutput(options.onOutgoing);
    this.#received = new ReceiveWindow(0, this.#output);
    this.#streams = new ServerStreams(options, this.#output);
  }

  /** After what can be taken there is nothing more to say: the connection is to be closed. */
  get isOver(): boolean {
    return this.#isBroken || (this.#isRefusing && this.#streams.isEmpty);
  }

  /** Whether a request that is here whole waits for its answer. */
  get isAnswering(): boolean {
    return this.#streams.has("answering");
  }

  /** Whether the peer's windows hold a part of an answer back. */
  get isHeldBack(): boolean {
    return this.#streams.has("held back");
  }

  /** Parts of answers that the peer's windows have let through. */
  get dataFrames(): number {
    return this.#output.dataFrames;
  }

  /** Octets; none when there is nothing to say. */
  takeOutgoing(): string {
    return this.#output.take();
  }

  /** Takes bytes read from the peer, which may be overwritten afterwards. Never throws: what breaks the protocol ends it. */
  feed(bytes: Uint8Array): void {
    if (this.#isBroken) return;
    try {
      this.#reader.give(this.#afterPreface(bytes));
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        this.#receive(frame);
      }
    } catch (error) {
      if (!(error instanceof Http2Error)) throw error;
      this.#break(error);
    }
  }

  /** The peer says nothing more: what is not here whole never will be, the rest is still answered. */
  endInput(): void {
    this.#streams.abandonUnfinished();
    if (this.#streams.isEmpty) this.#isBroken = true;
    else this.refuse();
  }

  /** The peer has gone. */
  abandon(): void {
    this.#isBroken = true;
    this.#streams.abandon();
  }

  /**
   * Lets the requests that are here finish and takes no more. A peer that has not asked anything yet may do so once: its
   * request is on its way.
   */
  close(): void {
    this.#isClosing = true;
    if (this.#streams.last > 0) this.refuse();
  }

  /** Takes no request any more, not even a first one. */
  refuse(): void {
    if (this.#isRefusing || this.#isBroken) return;
    this.#isRefusing = true;
    this.#streams.close();
    if (this.#preface.isRead) this.#goAway(ErrorCode.none, "");
  }

  /** Called now and then: a peer may ask for a little of everything for ever. */
  forgive(): void {
    this.#idleFrames = IDLE_FRAMES_PER_DATA_FRAME * this.dataFrames;
  }

  #afterPreface(bytes: Uint8Array): Uint8Array {
    if (this.#preface.isRead) return bytes;
    const rest = this.#preface.take(bytes);
    if (this.#preface.isRead) this.#greet();
    return rest;
  }

  #greet(): void {
    const { maxConcurrentStreams } = this.#options;
    const settings = `\x00\x03${uint32Octets(maxConcurrentStreams)}\x00\x06${uint32Octets(MAX_HEADER_LIST_SIZE)}`;
    this.#output.frame(FrameType.settings, 0, 0, settings);
    if (this.#isRefusing) this.#goAway(ErrorCode.none, "");
  }

  #receive(frame: Frame): void {
    this.#checkOrder(frame);
    switch (frame.type) {
      case FrameType.data:
        this.#receiveData(frame);
        break;
      case FrameType.headers:
      case FrameType.continuation:
        this.#receiveHeaders(frame);
        break;
      case FrameType.rstStream:
        this.#receiveReset(frame);
        break;
      case FrameType.settings:
        this.#receiveSettings(frame);
        break;
      case FrameType.ping:
        this.#receivePing(frame);
        break;
      case FrameType.windowUpdate:
        this.#receiveWindowUpdate(frame);
        break;
      case FrameType.pushPromise:
        throw new Http2Error("PUSH_PROMISE of a client");
    }
    // PRIORITY, GOAWAY and unknown types mean nothing here (sections 5.3.2, 5.5 and 6.8).
  }

  #checkOrder(frame: Frame): void {
    if (!this.#hasSettings && (frame.type !== FrameType.settings || hasFlag(frame, FrameFlag.ack))) {
      throw new Http2Error("the first frame is not SETTINGS");
    }
    this.#hasSettings = true;
    if (this.#headers.isOpen && frame.type !== FrameType.continuation) {
      throw new Http2Error("expected CONTINUATION");
    }
    const isEmpty = frame.type === FrameType.data && frame.payload.length === 0;
    if (isEmpty || (frame.type !== FrameType.headers && frame.type !== FrameType.data)) this.#countIdle();
  }

  #countIdle(): void {
    if (++this.#idleFrames <= MAX_IDLE_FRAMES + IDLE_FRAMES_PER_DATA_FRAME * this.dataFrames) return;
    throw new Http2Error("too many frames without a request", ErrorCode.enhanceYourCalm);
  }

  #receiveData(frame: Frame): void {
    const stream = this.#streams.find(frame);
    this.#received.take(frame.payload.length);
    stream?.receive(frame);
  }

  #receiveHeaders(frame: Frame): void {
    const block = this.#headers.take(frame);
    if (block !== undefined && !this.#streams.takeHeaders(frame, block)) this.#countIdle();
    if (this.#isClosing && this.#streams.last > 0) this.refuse();
  }

  #receiveReset(frame: Frame): void {
    payloadOf(frame, frame.stream, 4);
    this.#streams.find(frame)?.abandon();
  }

  #receiveSettings(frame: Frame): void {
    if (hasFlag(frame, FrameFlag.ack)) {
      payloadOf(frame, 0, 0);
      return;
    }
    for (const window of parseSettings(payloadOf(frame, 0), 1)) {
      this.#streams.setInitialWindow(window);
    }
    this.#output.frame(FrameType.settings, FrameFlag.ack, 0, "");
  }

  #receivePing(frame: Frame): void {
    const payload = payloadOf(frame, 0, 8);
    if (!hasFlag(frame, FrameFlag.ack)) {
      this.#output.frame(FrameType.ping, FrameFlag.ack, 0, latin1(payload, 0, 8));
    }
  }

  #receiveWindowUpdate(frame: Frame): void {
    const increment = readUint31(payloadOf(frame, frame.stream, 4), 0);
    if (increment === 0) throw new Http2Error("WINDOW_UPDATE by nothing");
    if (frame.stream !== 0) {
      this.#streams.find(frame)?.growWindow(increment);
      return;
    }
    this.#output.growWindow(increment);
    this.#streams.pump();
  }

  /** A peer that has not begun as HTTP/2 would not understand why. */
  #break({ message, code }: Http2Error): void {
    if (this.#preface.isRead) this.#goAway(code, message);
    this.abandon();
  }

  #goAway(code: number, why: string): void {
    const payload = uint32Octets(this.#streams.last) + uint32Octets(code) + why;
    this.#output.add(encodeFrame(FrameType.goaway, 0, 0, payload));
  }
}
