{{/* What the provider's process is started with: flags, environment, directories. */}}

{{- define "provider.args" -}}
{{- $v := .Values -}}
{{- $limits := $v.k8sThrottlingParams | default dict -}}
{{- $args := list
  (printf "--provider-volume=%s" (include "provider.volume" .))
  (printf "--http-port=%s" (include "provider.port" .))
  (printf "--driver-writes-secrets=%s" (include "provider.boolean" (list $v.driverWritesSecrets "false")))
  (printf "--prune-removed-files=%s" (include "provider.boolean" (list $v.pruneRemovedFiles "false")))
  (printf "--tolerate-failover-denied=%s" (include "provider.boolean" (list $v.tolerateFailoverDenied "true")))
  (printf "--failover-timeout=%s" ($v.failoverTimeout | default "5s"))
  (printf "--secret-cache-ttl=%s" (include "provider.text" $v.secretCacheTTL | default "60s"))
  (printf "--revalidate=%s" ($v.revalidate | default "describe"))
  (printf "--serve-stale-for=%s" (include "provider.text" $v.serveStaleFor | default "0s"))
  (printf "--max-concurrent-mounts=%s" (include "provider.text" $v.maxConcurrentMounts | default "8"))
  (printf "--sts-fips=%s" (include "provider.boolean" (list $v.stsFips "true")))
  (printf "--log-level=%s" ($v.logLevel | default "info"))
  (printf "--log-format=%s" ($v.logFormat | default "json"))
-}}
{{- /* Left to the provider when empty. */ -}}
{{- range $flag, $value := dict
  "pod-identity-http-timeout" $v.podIdentityHttpTimeout
  "eks-addon-version" $v.eksAddonVersion
  "qps" $limits.qps
  "burst" $limits.burst
-}}
{{- with include "provider.text" $value -}}
{{- $args = append $args (printf "--%s=%s" $flag .) -}}
{{- end -}}
{{- end -}}
{{- range $v.extraArgs -}}
{{- $args = append $args (include "provider.text" .) -}}
{{- end -}}
{{- toYaml $args -}}
{{- end -}}

{{/* NODE_NAME spares the provider a look at its own pod, and the right to do so. */}}
{{- define "provider.env" -}}
{{- $proxy := .Values.proxy | default dict -}}
{{- $own := list (dict "name" "NODE_NAME" "valueFrom" (dict "fieldRef" (dict "fieldPath" "spec.nodeName"))) -}}
{{- range $name, $value := dict
  "AWS_REGION" .Values.awsRegion
  "AWS_USE_FIPS_ENDPOINT" (eq (include "provider.boolean" (list .Values.useFipsEndpoint "false")) "true" | ternary "true" "")
  "HTTPS_PROXY" $proxy.httpsProxy
  "HTTP_PROXY" $proxy.httpProxy
  "NO_PROXY" $proxy.noProxy
-}}
{{- with $value -}}
{{- $own = append $own (dict "name" $name "value" .) -}}
{{- end -}}
{{- end -}}
{{- /* Two variables of one name cannot be applied. */ -}}
{{- $extra := .Values.extraEnv | default list -}}
{{- $names := list -}}
{{- range $extra -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $all := list -}}
{{- range $own -}}
{{- if not (has .name $names) -}}
{{- $all = append $all . -}}
{{- end -}}
{{- end -}}
{{- toYaml (concat $all $extra) -}}
{{- end -}}

{{- define "provider.volume" -}}
{{- .Values.providerVolume | default "/var/run/secrets-store-csi-providers" -}}
{{- end -}}

{{- define "provider.kubeletPods" -}}
{{- printf "%s/pods" (.Values.kubeletPath | default "/var/lib/kubelet" | trimSuffix "/") -}}
{{- end -}}

{{/* Kubelet's directories are mounted only where the provider writes into them. */}}
{{- define "provider.volumeMounts" -}}
{{- $mounts := list (dict "name" "providervol" "mountPath" (include "provider.volume" .)) -}}
{{- if ne (include "provider.boolean" (list .Values.driverWritesSecrets "false")) "true" -}}
{{- $pods := include "provider.kubeletPods" . -}}
{{- $mounts = append $mounts (dict "name" "mountpoint-dir" "mountPath" $pods "mountPropagation" "HostToContainer") -}}
{{- end -}}
{{- concat $mounts (.Values.extraVolumeMounts | default list) | toYaml -}}
{{- end -}}

{{- define "provider.volumes" -}}
{{- $socket := dict "path" (include "provider.volume" .) "type" "DirectoryOrCreate" -}}
{{- $volumes := list (dict "name" "providervol" "hostPath" $socket) -}}
{{- if ne (include "provider.boolean" (list .Values.driverWritesSecrets "false")) "true" -}}
{{- $pods := dict "path" (include "provider.kubeletPods" .) "type" "DirectoryOrCreate" -}}
{{- $volumes = append $volumes (dict "name" "mountpoint-dir" "hostPath" $pods) -}}
{{- end -}}
{{- concat $volumes (.Values.extraVolumes | default list) | toYaml -}}
{{- end -}}
