#!/usr/bin/env bash
# Clears up after the cluster in the folder WORK, whose process has ended; fails when anything is left on the machine.
[ -f "$WORK/cgroup" ] || exit 0
group=$(cat "$WORK/cgroup")
# A control group is busy for a moment after its last process has gone.
for _ in $(seq 100); do
  find /sys/fs/cgroup/*/"$group" -depth -type d -exec rmdir {} + 2> /dev/null
  ls -d /sys/fs/cgroup/*/"$group" > /dev/null 2>&1 || break
  sleep 0.1
done
left=$(
  ls -d /sys/fs/cgroup/*/"$group" 2> /dev/null
  grep -ls "/$group" /proc/[0-9]*/cgroup
  grep -F "$WORK/" /proc/self/mountinfo
)
[ -z "$left" ] && exit 0
printf 'left behind by the cluster:\n%s\n' "$left" >&2
exit 1
