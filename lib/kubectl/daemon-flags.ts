// SPDX-License-Identifier: Apache-2.0

/** Those of a daemon's flags that its debug commands take as well. */
export type DaemonFlags = {
  /** Where socket and store are: for every command. */
  readonly place: readonly string[];
  /** Where the plugin and its configuration are: for `check`. */
  readonly installation: readonly string[];
};

const PLACE = ["bind-address", "store-file"];
const INSTALLATION = ["cni-bin-dir", "cni-conf-dir", "cni-nv-ipam-bin-file"];

// What the daemon's container does not see cannot be looked at from there.
const SEEN = [
  { flag: "cni-bin-dir", standard: "/opt/cni/bin", skip: "--cni-skip-nv-ipam-binary-copy" },
  { flag: "cni-conf-dir", standard: "/etc/cni/net.d/nv-ipam.d", skip: "--cni-skip-nv-ipam-config-creation" },
];

/** `words`: the container's command line; `mounts`: the paths of its volumes. */
export function readDaemonFlags(words: readonly string[], mounts: readonly string[]): DaemonFlags {
  const give = (flags: readonly string[]): string[] =>
    flags.flatMap((flag) => {
      const value = findFlag(words, flag);
      return value === undefined ? [] : [`--${flag}=${value}`];
    });
  const skipped = SEEN.filter(({ flag, standard }) => !isMounted(findFlag(words, flag) ?? standard, mounts));
  return { place: give(PLACE), installation: [...give(INSTALLATION), ...skipped.map(({ skip }) => skip)] };
}

/**
 * However it was written; of several the last one, as the daemon takes it. undefined when it is not given, or holds what the
 * kubelet fills in ($(NAME)).
 */
function findFlag(words: readonly string[], flag: string): string | undefined {
  const at = words.findLastIndex((word) => nameOf(word) === flag);
  if (at < 0) return undefined;
  const [, ...value] = words[at]!.split("=");
  const text = value.length > 0 ? value.join("=") : (words[at + 1] ?? "");
  return text === "" || text.includes("$(") ? undefined : text;
}

/** undefined for what is no flag. */
function nameOf(word: string): string | undefined {
  return /^--?([^=]+)/.exec(word)?.[1]?.replaceAll("_", "-");
}

function isMounted(path: string, mounts: readonly string[]): boolean {
  const below = (mount: string): string => (mount.endsWith("/") ? mount : `${mount}/`);
  return mounts.some((mount) => `${path}/`.startsWith(below(mount)));
}
