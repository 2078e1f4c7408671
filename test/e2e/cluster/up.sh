#!/usr/bin/env bash
# Starts the cluster in namespaces of its own and stays in the foreground: the cluster lives no longer than this process,
# and this process no longer than its parent. WORK (absolute) is the cluster's folder: $WORK/ready says that it is up.
set -e
here=$(dirname "$(realpath "$0")")
controllers="cpu cpuacct cpuset memory devices freezer blkio pids systemd"
group=secrets-store-e2e-$$
echo "$group" > "$WORK/cgroup"
for c in $controllers; do mkdir "/sys/fs/cgroup/$c/$group"; done
for f in mems cpus; do cat "/sys/fs/cgroup/cpuset/cpuset.$f" > "/sys/fs/cgroup/cpuset/$group/cpuset.$f"; done
for c in $controllers; do echo $$ > "/sys/fs/cgroup/$c/$group/cgroup.procs"; done
exec setpriv --pdeathsig KILL \
  unshare --mount --net --pid --fork --kill-child --mount-proc --cgroup --ipc --uts bash "$here/node.sh"
