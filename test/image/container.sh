#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# container.sh CONFINE ROOT UID GID CAPABILITIES [FROM TO ro|rw ...] -- [VARIABLE=VALUE ...] -- PROGRAM [ARGUMENT ...]: the first
# steps of a container runtime, in a mount and process namespace that the caller made: ROOT read-only, /proc and /dev, the binds
# (their places must be there), no variable but those that are named.
set -euo pipefail
confine=$1 root=$2 identity=("$3" "$4" "$5")
shift 5
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
while [ "$1" != -- ]; do
  mount --bind "$1" "$root$2"
  if [ "$3" = ro ]; then mount -o remount,bind,ro "$root$2"; fi
  shift 3
done
shift
mount -o remount,bind,ro "$root"
variables=()
while [ "$1" != -- ]; do variables+=("$1"); shift; done
shift
exec env -i "${variables[@]}" "$confine" "$root" "${identity[@]}" "$@"
