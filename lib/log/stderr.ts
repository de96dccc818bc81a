// SPDX-License-Identifier: Apache-2.0

/**
 * A writer of whole lines to standard error. A reader that has gone (EPIPE) or a full disk behind a redirection does
 * not end the process: there is nowhere left to report it to, and addresses matter more than their log.
 */
export function stderrWriter(): (line: string) => void {
  process.stderr.on("error", () => undefined);
  return (line) => {
    process.stderr.write(line);
  };
}
