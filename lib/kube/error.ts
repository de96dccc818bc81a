// SPDX-License-Identifier: Apache-2.0

export type KubeAnswer = {
  /** HTTP status, 403; also the code of a watch's ERROR event. */
  readonly status: number;
  /** The API's word for it, "Forbidden"; "" when the answer had none. */
  readonly reason: string;
  /** How long the API asks to be left alone. */
  readonly retryAfterMs?: number;
};

/** The API answered, and not what was asked for. */
export class KubeError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, answer: KubeAnswer) {
    super(message);
    this.name = "KubeError";
    this.status = answer.status;
    this.reason = answer.reason;
    this.retryAfterMs = answer.retryAfterMs;
  }
}

/** The API did not answer: it could not be reached, took too long, or the connection was cut. */
export class ConnectionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConnectionError";
  }
}

/** True: the API answered with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): error is KubeError {
  return error instanceof KubeError && statuses.includes(error.status);
}
