{{/*
Names, labels and settings that several templates need. Names and labels are those of AWS's chart: an upgrade of its
release changes its objects in place, and the selector of a DaemonSet can never change.
Every value may be null or missing (`helm upgrade --reuse-values` knows only AWS's), so defaults stand here as well.
*/}}

{{- define "provider.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "provider.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $release := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $release | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "provider.serviceAccountName" -}}
{{- (.Values.rbac | default dict).serviceAccountName | default (include "provider.fullname" .) -}}
{{- end -}}

{{/* Labels of an object: the chart's own, which win, and `commonLabels`. Of a pod: with `podLabels`, given as `extra`. */}}
{{- define "provider.labels" -}}
{{- $name := include "provider.name" .root -}}
{{- $own := dict
  "app" $name
  "app.kubernetes.io/name" $name
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/managed-by" .root.Release.Service
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
-}}
{{- merge $own (.extra | default dict) (.root.Values.commonLabels | default dict) | toYaml -}}
{{- end -}}

{{/* A number as users write it: Helm reads numbers as floats, and prints 1000000 as 1e+06. */}}
{{- define "provider.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- int64 . -}}
{{- else if not (kindIs "invalid" .) -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* "true" or "false" of the list (value, default): null means the default, never false. */}}
{{- define "provider.boolean" -}}
{{- has (first . | toString) (list "true" "false") | ternary (first .) (last .) -}}
{{- end -}}

{{- define "provider.port" -}}
{{- include "provider.text" .Values.port | default "8989" -}}
{{- end -}}

{{- define "provider.image" -}}
{{- $image := .Values.image | default dict -}}
{{- $repository := $image.repository | default "localhost/secrets-store-csi-driver-provider-aws" -}}
{{- if hasPrefix "public.ecr.aws/aws-secrets-manager/" $repository -}}
{{- fail (printf "image.repository is %s, AWS's own provider, which does not know the flags of this chart: set image.repository to where you pushed the image of this chart, and image.tag to its version (%s). With --reuse-values both still have the values of AWS's chart" $repository .Chart.AppVersion) -}}
{{- end -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (include "provider.text" $image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* Outside of kube-system the class may be forbidden by a quota, so it is only the default there. */}}
{{- define "provider.priorityClassName" -}}
{{- if kindIs "invalid" .Values.priorityClassName -}}
{{- eq .Release.Namespace "kube-system" | ternary "system-node-critical" "" -}}
{{- else -}}
{{- .Values.priorityClassName -}}
{{- end -}}
{{- end -}}

{{/* A map without its nulls, at any depth. */}}
{{- define "provider.withoutNull" -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if kindIs "map" $value -}}
{{- $_ := set $kept $key (include "provider.withoutNull" $value | fromYaml) -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $kept $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $kept -}}
{{- end -}}

{{/* The security context of the container. Kubernetes before 1.19 does not know `seccompProfile`. */}}
{{- define "provider.securityContext" -}}
{{- $hardened := dict
  "runAsUser" 0
  "runAsGroup" 0
  "privileged" false
  "allowPrivilegeEscalation" false
  "readOnlyRootFilesystem" true
  "capabilities" (dict "drop" (list "ALL"))
-}}
{{- if semverCompare ">=1.19-0" .Capabilities.KubeVersion.Version -}}
{{- $_ := set $hardened "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- end -}}
{{- mergeOverwrite $hardened (include "provider.withoutNull" .Values.securityContext | fromYaml) | toYaml -}}
{{- end -}}

{{/*
The affinity, with the rule against Fargate in every term of the node affinity: terms are alternatives, so one without
it would let pods through that hang Pending for ever. A term without any rule matches no node, and stays as it is.
*/}}
{{- define "provider.affinity" -}}
{{- $rule := dict "key" "eks.amazonaws.com/compute-type" "operator" "NotIn" "values" (list "fargate") -}}
{{- $affinity := .Values.affinity | default dict | deepCopy -}}
{{- $node := $affinity.nodeAffinity | default dict -}}
{{- $required := $node.requiredDuringSchedulingIgnoredDuringExecution | default dict -}}
{{- $terms := list -}}
{{- range $required.nodeSelectorTerms -}}
{{- $term := . | default dict -}}
{{- $rules := $term.matchExpressions | default list -}}
{{- if and (or $rules $term.matchFields) (not (has $rule $rules)) -}}
{{- $_ := set $term "matchExpressions" (append $rules $rule) -}}
{{- end -}}
{{- $terms = append $terms $term -}}
{{- end -}}
{{- $_ := set $required "nodeSelectorTerms" ($terms | default (list (dict "matchExpressions" (list $rule)))) -}}
{{- $_ := set $node "requiredDuringSchedulingIgnoredDuringExecution" $required -}}
{{- set $affinity "nodeAffinity" $node | toYaml -}}
{{- end -}}

{{/* An HTTP probe of the list (context, path, times of the user, times by default). */}}
{{- define "provider.probe" -}}
{{- $get := dict "path" (index . 1) "port" (include "provider.port" (first .) | int) -}}
{{- $given := include "provider.withoutNull" (index . 2) | fromYaml -}}
{{- mergeOverwrite (last .) $given (dict "httpGet" $get) | toYaml -}}
{{- end -}}
