#!/usr/bin/env bash
# Runs a command inside the cluster's namespaces, as its administrator: `WORK=... in.sh kubectl get pods -A`.
# There is no DNS and no way out in there. The caller's own cgroup stays: it ends with the caller.
export KUBECONFIG=$WORK/pki/admin.kubeconfig HOME=/run PATH=$WORK/bin:$PATH
exec nsenter --target "$(cat "$WORK/pid")" --mount --net --pid --ipc --uts --wd="$PWD" "$@"
