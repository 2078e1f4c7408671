#!/usr/bin/env bash
# Keys, certificates, tokens and kubeconfigs of one cluster in $WORK/pki: made for it, thrown away with it.
set -e
umask 077
mkdir -p "$WORK/pki"
cd "$WORK/pki"
new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2> /dev/null; }

new_key ca.key
openssl req -x509 -new -key ca.key -subj /CN=e2e-ca -days 2 -out ca.crt
new_key apiserver.key
openssl req -new -key apiserver.key -subj /CN=kube-apiserver -out apiserver.csr
openssl x509 -req -in apiserver.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out apiserver.crt 2> /dev/null \
  -extfile <(echo subjectAltName=DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.0.0.1,IP:10.96.0.1)
# Service account tokens are RS256, as those of EKS.
openssl genrsa -out sa.key 2048 2> /dev/null
openssl rsa -in sa.key -pubout -out sa.pub 2> /dev/null

# user FILE NAME GROUP: a line of tokens.csv and a kubeconfig
user() {
  local token
  token=$(openssl rand -hex 16)
  echo "$token,$2,$1,\"$3\"" >> tokens.csv
  cat > "$1.kubeconfig" <<EOF
apiVersion: v1
kind: Config
current-context: e2e
clusters: [{ name: e2e, cluster: { server: 'https://127.0.0.1:443', certificate-authority: $WORK/pki/ca.crt } }]
users: [{ name: $1, user: { token: $token } }]
contexts: [{ name: e2e, context: { cluster: e2e, user: $1 } }]
EOF
}
: > tokens.csv
user admin admin system:masters
user kcm system:kube-controller-manager ""
user scheduler system:kube-scheduler ""
user kubelet system:node:node1 system:nodes
