{{- define "nv-ipam.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "nv-ipam.binDir" -}}
{{ .Values.node.cni.binDir | default (ternary "/var/lib/cni/bin" "/opt/cni/bin" .Values.openshift.enabled) }}
{{- end }}

{{- define "nv-ipam.seLinuxType" -}}
{{ .Values.node.seLinuxType | default (ternary "spc_t" "" .Values.openshift.enabled) }}
{{- end }}

{{- define "nv-ipam.certificate" -}}
{{ .Values.webhook.certificate | default (ternary "service-ca" "cert-manager" .Values.openshift.enabled) }}
{{- end }}

{{- define "nv-ipam.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end }}

{{- /* (dict "component" "node" "namespace" ...): a binding's subjects. */}}
{{- define "nv-ipam.subjects" -}}
subjects:
- kind: ServiceAccount
  name: nv-ipam-{{ .component }}
  namespace: {{ .namespace }}
{{- end }}

{{- /* (dict "component" "node" "namespace" ...): who a Role and a ClusterRole of the same name are for. */}}
{{- define "nv-ipam.bindings" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: nv-ipam-{{ .component }}
  labels:
    app: nvidia-k8s-ipam
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: nv-ipam-{{ .component }}
{{ include "nv-ipam.subjects" . }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: nv-ipam-{{ .component }}
  namespace: {{ .namespace }}
  labels:
    app: nvidia-k8s-ipam
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: nv-ipam-{{ .component }}
{{ include "nv-ipam.subjects" . }}
{{- end }}

{{- /* The probes of both executables; the argument: for how many seconds a start may go on. */}}
{{- define "nv-ipam.probes" -}}
startupProbe:
  httpGet:
    path: /healthz
    port: health
  periodSeconds: 1
  failureThreshold: {{ . }}
  timeoutSeconds: 3
livenessProbe:
  httpGet:
    path: /healthz
    port: health
  periodSeconds: 20
  failureThreshold: 3
  timeoutSeconds: 5
readinessProbe:
  httpGet:
    path: /readyz
    port: health
  periodSeconds: 5
  failureThreshold: 2
  timeoutSeconds: 3
{{- end }}
