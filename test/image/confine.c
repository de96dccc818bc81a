// SPDX-License-Identifier: Apache-2.0
// confine ROOT UID GID CAPABILITIES PROGRAM [ARGUMENT ...]: the last steps of a container runtime: ROOT becomes the root directory,
// every capability goes but those of the mask (hexadecimal), the user and group change, nothing can be gained any more, and PROGRAM
// takes this process's place. Exit status 125 when a step fails.
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void check(long result, const char *step) {
  if (result >= 0) return;
  fprintf(stderr, "confine: %s: %s\n", step, strerror(errno));
  exit(125);
}

static void drop_bounding(uint64_t keep) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
    if (!(keep >> capability & 1)) check(prctl(PR_CAPBSET_DROP, capability), "bounding set");
}

static void set_capabilities(uint64_t keep) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  for (int half = 0; half < 2; half++) {
    data[half].permitted = (uint32_t)(keep >> 32 * half);
    data[half].effective = data[half].permitted;
  }
  check(syscall(SYS_capset, &header, data), "capabilities");
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fputs("usage: confine ROOT UID GID CAPABILITIES PROGRAM [ARGUMENT ...]\n", stderr);
    return 125;
  }
  uid_t uid = (uid_t)strtoul(argv[2], NULL, 10);
  gid_t gid = (gid_t)strtoul(argv[3], NULL, 10);
  uint64_t keep = strtoull(argv[4], NULL, 16);
  check(chroot(argv[1]), argv[1]);
  check(chdir("/"), "/");
  drop_bounding(keep);
  check(setgroups(0, NULL), "groups");
  check(setresgid(gid, gid, gid), "group");
  check(setresuid(uid, uid, uid), "user");
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  set_capabilities(keep);
  check(execv(argv[5], argv + 5), argv[5]);
}
