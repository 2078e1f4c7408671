#!/usr/bin/env bash
# Process 1 of the cluster's namespaces: makes them look like a node, then starts every part of Kubernetes.
# The network is loopback only; what must differ from the machine is a tmpfs, an overlay or a bind mount.
set -e
config=$(dirname "$(realpath "$0")")/config
logs=$WORK/logs pki=$WORK/pki
export PATH=$WORK/bin:$PATH
mkdir -p "$logs"

mounts() {
  mount --make-rprivate /
  # Control groups, version 1, rooted in our own cgroup namespace.
  umount -l /sys/fs/cgroup
  mount -t tmpfs cgroup /sys/fs/cgroup
  for c in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir "/sys/fs/cgroup/$c"
    mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c"
  done
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  mount -t tmpfs tmpfs /run
  for d in /etc /var/lib /var/log; do
    mkdir -p "$WORK/ov$d/up" "$WORK/ov$d/work"
    mount -t overlay overlay -o "lowerdir=$d,upperdir=$WORK/ov$d/up,workdir=$WORK/ov$d/work" "$d"
  done
  # containerd's snapshots cannot lie on an overlay.
  for d in kubelet containerd; do
    mkdir -p "$WORK/$d" "/var/lib/$d"
    mount --bind "$WORK/$d" "/var/lib/$d"
  done
  # kubelet finds these set and so does not change the whole machine's.
  local s file
  for s in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    file=$WORK/sysctl.${s//\//.}
    echo "${s#*=}" > "$file"
    mount --bind "$file" "/proc/sys/${s%=*}"
  done
  mount --make-rshared /
}

network() {
  hostname node1
  ip link set lo up
  sysctl -qw net.ipv4.ip_forward=1
  # The node, the Service "kubernetes", and the two addresses of the Pod Identity Agent.
  for a in 10.0.0.1/32 10.96.0.1/32 169.254.170.23/32 fd00:ec2::23/128; do ip addr add "$a" dev lo; done
}

# start LOG COMMAND...: in the background
start() {
  local log=$logs/$1.log
  shift
  "$@" > "$log" 2>&1 &
}
# until_ok COMMAND...: until it succeeds; whoever waits for $WORK/ready sets the limit
until_ok() { until "$@" > /dev/null 2>&1; do sleep 0.2; done; }
admin() { kubectl --kubeconfig "$pki/admin.kubeconfig" "$@"; }
node_ready() { admin wait --for=condition=Ready node/node1 --timeout=1s; }

control_plane() {
  local etcd=http://127.0.0.1 issuer=https://kubernetes.default.svc
  start etcd etcd --data-dir "$WORK/etcd" --unsafe-no-fsync --log-level warn --listen-client-urls $etcd:2379 \
    --advertise-client-urls $etcd:2379 --listen-peer-urls $etcd:2380 --initial-advertise-peer-urls $etcd:2380 \
    --initial-cluster default=$etcd:2380
  start apiserver hyperkube kube-apiserver --etcd-servers=$etcd:2379 --bind-address=0.0.0.0 --secure-port=443 \
    --advertise-address=10.0.0.1 --service-cluster-ip-range=10.96.0.0/16 --tls-cert-file="$pki/apiserver.crt" \
    --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" --token-auth-file="$pki/tokens.csv" \
    --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" \
    --service-account-issuer=$issuer --api-audiences=$issuer --authorization-mode=Node,RBAC \
    --enable-admission-plugins=NodeRestriction --allow-privileged=true --kubelet-preferred-address-types=InternalIP
  start containerd containerd -c "$config/containerd.toml"
  until_ok admin get --raw /readyz
  start kcm hyperkube kube-controller-manager --kubeconfig="$pki/kcm.kubeconfig" --root-ca-file="$pki/ca.crt" \
    --service-account-private-key-file="$pki/sa.key" --use-service-account-credentials --leader-elect=false \
    --bind-address=127.0.0.1
  start scheduler hyperkube kube-scheduler --kubeconfig="$pki/scheduler.kubeconfig" --leader-elect=false \
    --bind-address=127.0.0.1
}

node() {
  mkdir -p /etc/cni/net.d
  cp "$config/cni.conflist" /etc/cni/net.d/10-e2e.conflist
  until_ok ctr version
  local image
  for image in "$WORK"/images/*.tar; do ctr -n k8s.io images import --local "$image"; done
  start kubelet hyperkube kubelet --config="$config/kubelet.yaml" --kubeconfig="$pki/kubelet.kubeconfig" \
    --hostname-override=node1 --node-ip=10.0.0.1 --node-labels=topology.kubernetes.io/region=eu-west-1
  until_ok node_ready
}

mounts
network
control_plane
node
touch "$WORK/ready"
# Process 1 adopts what others leave: bash reaps while it waits.
while :; do
  sleep 1000 &
  wait $! || true
done
