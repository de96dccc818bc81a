// SPDX-License-Identifier: Apache-2.0

/** Seconds: from what a call takes on a fast disk to the deadline that plugins give the daemon. */
export const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
