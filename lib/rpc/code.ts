// SPDX-License-Identifier: Apache-2.0

/** gRPC status codes (grpc.io, "Status codes and their use in gRPC"). */
export const Code = {
  OK: 0,
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Aborted: 10,
  OutOfRange: 11,
  Unimplemented: 12,
  Internal: 13,
  Unavailable: 14,
  DataLoss: 15,
  Unauthenticated: 16,
} as const;

export type Code = (typeof Code)[keyof typeof Code];

const NAMES = Object.keys(Code);

/** The name in Go's spelling, which is what users match in error messages; "Code(42)" for a number without a name. */
export function codeName(code: number): string {
  return NAMES[code] ?? `Code(${code})`;
}
