"""Ways to break what scripts/deploy ships, each with a word of the refusal that it must meet."""

from dataclasses import dataclass
from typing import Callable


@dataclass
class Damage:
    what: str
    file: str
    expected: str
    apply: Callable[[dict], object]
    live: bool = False
    # The group whose schema refuses it.
    needs: str = ""


def pod(kinds: dict) -> dict:
    return kinds["Deployment"]["spec"]["template"]["spec"]


def container(kinds: dict) -> dict:
    return (pod(kinds) if "Deployment" in kinds else kinds["ServingRuntime"]["spec"])["containers"][0]


def job(kinds: dict) -> dict:
    return kinds["Job"]["spec"]["template"]["spec"]["containers"][0]


def replace(argument: str, other: str) -> Callable[[dict], None]:
    def apply(kinds: dict) -> None:
        arguments = container(kinds)["args"]
        arguments[arguments.index(argument)] = other

    return apply


def steps_of(path: str) -> list:
    """Kind/field/…; a number is an index, ~ a slash within a name."""
    return [int(step) if step.isdigit() else step.replace("~", "/") for step in path.split("/")]


def put(path: str, value) -> Callable[[dict], None]:
    def apply(kinds: dict) -> None:
        place, (*steps, last) = kinds, steps_of(path)
        for step in steps:
            place = place[step]
        place[last] = value

    return apply


def drop(path: str) -> Callable[[dict], None]:
    def apply(kinds: dict) -> None:
        place, (*steps, last) = kinds, steps_of(path)
        for step in steps:
            place = place[step]
        del place[last]

    return apply


POD, CONTAINER = "Deployment/spec/template/spec", "Deployment/spec/template/spec/containers/0"
KSERVE, GATEWAY = "serving.kserve.io", "gateway.networking.k8s.io"
RUNTIME, PREDICTOR = "ServingRuntime/spec/containers/0", "InferenceService/spec/predictor"

DAMAGES = [
    Damage("a misspelt field", "base/kubernetes.yaml", "readinesProbe", put(f"{CONTAINER}/readinesProbe", {})),
    Damage("a wrong type", "base/kubernetes.yaml", "Deployment radial: $.spec.template.spec.terminationGracePeriodSeconds",
           put(f"{POD}/terminationGracePeriodSeconds", "35")),
    Damage("an API that does not exist", "base/kubernetes.yaml", "Couldn't find schema",
           put("HorizontalPodAutoscaler/apiVersion", "autoscaling/v2beta9")),
    Damage("no selector", "base/kubernetes.yaml", "'selector' is a required property", drop("Deployment/spec/selector")),
    Damage("a flag misspelt", "base/kubernetes.yaml", "knows no --drain-dely", replace("--drain-delay=10", "--drain-dely=10")),
    Damage("a variable misspelt", "kserve.yaml", "knows no flag of the variable RADIAL_HOSTS", put(f"{RUNTIME}/env", [{"name": "RADIAL_HOSTS", "value": "::"}])),
    Damage("a flag's value that is refused", "base/kubernetes.yaml", "exits 2", replace("--log-format=json", "--log-format=xml"), live=True),
    Damage("no subcommand", "base/kubernetes.yaml", "begin with `serve`", drop(f"{CONTAINER}/args/0")),
    Damage("too short a grace period", "base/kubernetes.yaml", "killed amid requests", put(f"{POD}/terminationGracePeriodSeconds", 26)),
    Damage("too long a drain for KServe", "kserve.yaml", "killed amid requests", replace("--drain-timeout=15", "--drain-timeout=30")),
    Damage("a preStop that the image cannot run", "base/kubernetes.yaml", "no program but radial",
           put(f"{CONTAINER}/lifecycle", {"preStop": {"exec": {"command": ["sleep", "2"]}}})),
    Damage("a drain delay shorter than the probe", "base/kubernetes.yaml", "is noticed after 3 s", replace("--drain-delay=10", "--drain-delay=2")),
    Damage("no drain delay", "kserve.yaml", "is noticed after", lambda kinds: container(kinds)["args"].remove("--drain-delay=5")),
    Damage("listening on the loopback only", "base/kubernetes.yaml", "0.0.0.0", replace("--host=0.0.0.0", "--host=127.0.0.1")),
    Damage("another port than the container's", "base/kubernetes.yaml", "not among its containerPorts", replace("--port=8080", "--port=8081")),
    Damage("a probe of another port", "base/kubernetes.yaml", "livenessProbe asks port 9", put(f"{CONTAINER}/livenessProbe/httpGet/port", 9)),
    Damage("a probe of the public port", "base/kubernetes.yaml", "readinessProbe asks port http1, the server listens on 9080",
           put(f"{CONTAINER}/readinessProbe/httpGet/port", "http1")),
    Damage("an admin port that nobody opened", "base/kubernetes.yaml", "admin listener's port 9081", replace("--admin-address=0.0.0.0:9080", "--admin-address=0.0.0.0:9081")),
    Damage("a probe of another path", "base/kubernetes.yaml", "expected 200, found 404",
           put(f"{CONTAINER}/readinessProbe/httpGet/path", "/v2/healthy"), live=True),
    Damage("a probe of another model", "kserve.yaml", "expected 200, found 404",
           put(f"{RUNTIME}/readinessProbe/httpGet/path", "/v2/models/m/ready"), live=True),
    Damage("no liveness probe", "kserve.yaml", "has no livenessProbe", drop(f"{RUNTIME}/livenessProbe")),
    Damage("Prometheus at another port", "kserve.yaml", "Prometheus' port", put("ServingRuntime/spec/annotations/prometheus.kserve.io~port", "80")),
    Damage("a Service of other pods", "base/kubernetes.yaml", "Service radial selects", put("Service/spec/selector", {"app": "radial"})),
    Damage("a budget of other pods", "base/kubernetes.yaml", "PodDisruptionBudget selects",
           put("PodDisruptionBudget/spec/selector/matchLabels", {"app": "radial"})),
    Damage("a policy of other pods", "base/kubernetes.yaml", "NetworkPolicy selects",
           put("NetworkPolicy/spec/podSelector/matchLabels", {"app": "radial"})),
    Damage("a policy of another port", "base/kubernetes.yaml", "NetworkPolicy: port web",
           put("NetworkPolicy/spec/ingress/0/ports/0/port", "web")),
    Damage("a Service of another port", "base/kubernetes.yaml", "targetPort web", put("Service/spec/ports/0/targetPort", "web")),
    Damage("service links", "base/kubernetes.yaml", "RADIAL_PORT", drop(f"{POD}/enableServiceLinks")),
    Damage("replicas beside an autoscaler", "base/kubernetes.yaml", "sets replicas", put("Deployment/spec/replicas", 3)),
    Damage("an autoscaler of something else", "base/kubernetes.yaml", "expected Deployment radial",
           put("HorizontalPodAutoscaler/spec/scaleTargetRef/name", "radical")),
    Damage("an autoscaler of an unknown metric", "base/kubernetes.yaml", "no metric radial_queue_length",
           put("HorizontalPodAutoscaler/spec/metrics/0/pods/metric/name", "radial_queue_length"), live=True),
    Damage("a budget that lets all go", "base/kubernetes.yaml", "3 may go", put("PodDisruptionBudget/spec/minAvailable", 0)),
    Damage("a budget that lets none go", "base/kubernetes.yaml", "0 may go", put("PodDisruptionBudget/spec/minAvailable", 3)),
    Damage("an update that stops pods first", "base/kubernetes.yaml", "rollingUpdate.maxUnavailable 0",
           put("Deployment/spec/strategy/rollingUpdate/maxUnavailable", 1)),
    Damage("a writable root", "base/kubernetes.yaml", "readOnlyRootFilesystem", drop(f"{CONTAINER}/securityContext/readOnlyRootFilesystem")),
    Damage("root", "kserve.yaml", "runAsNonRoot", put(f"{RUNTIME}/securityContext/runAsNonRoot", False)),
    Damage("capabilities", "base/kubernetes.yaml", "capabilities", drop(f"{CONTAINER}/securityContext/capabilities")),
    Damage("an image without a tag", "base/kubernetes.yaml", "or a digest", put(f"{CONTAINER}/image", "example.org/radial")),
    Damage("an image of another version", "kserve.yaml", "the server's version", put(f"{RUNTIME}/image", "example.org/radial:0.9.0")),
    Damage("a request above its limit", "base/kubernetes.yaml", "within a limit", put(f"{CONTAINER}/resources/requests/memory", "1Gi")),
    Damage("a writable model", "kserve.yaml", "storage.kserve.io/readonly", put("InferenceService/metadata/annotations", {"storage.kserve.io/readonly": "false"})),
    Damage("a format that the runtime does not know", "kserve.yaml", "is of format sklearn",
           put(f"{PREDICTOR}/model/modelFormat/name", "sklearn")),
    Damage("a runtime that does not exist", "kserve.yaml", "asks for runtime", put(f"{PREDICTOR}/model/runtime", "triton")),
    Damage("no runtime that KServe may select", "kserve.yaml", "asks for runtime one with autoSelect",
           put("ServingRuntime/spec/supportedModelFormats/0/autoSelect", False)),
    Damage("a protocol that the runtime does not speak", "kserve.yaml", "speaks grpc-v2", put(f"{PREDICTOR}/model/protocolVersion", "grpc-v2")),
    Damage("a fixed model name", "kserve.yaml", "expected the argument --model-name={{.Name}}",
           replace("--model-name={{.Name}}", "--model-name=m")),
    Damage("a port that says HTTP/2", "kserve.yaml", "HTTP/2", put(f"{RUNTIME}/ports/0/name", "h2c")),
    Damage("metadata misspelt", "kserve.yaml", "annotation", put("ServingRuntime/metadata/annotation", {})),
    Damage("an unknown field of the runtime", "kserve.yaml", "protocolVersion", put("ServingRuntime/spec/protocolVersion", "v2"), needs=KSERVE),
    Damage("an unknown field of a probe", "kserve.yaml", "urlPath", put(f"{RUNTIME}/readinessProbe/httpGet/urlPath", "/"), needs=KSERVE),
    Damage("an unknown field of the model", "kserve.yaml", "storageURI", put(f"{PREDICTOR}/model/storageURI", "pvc://m"), needs=KSERVE),
    Damage("a wrong type in the predictor", "kserve.yaml", "maxReplicas", put(f"{PREDICTOR}/maxReplicas", "four"), needs=KSERVE),
    Damage("a port twice", "kserve.yaml", "twice", lambda kinds: container(kinds)["ports"].append(container(kinds)["ports"][0]), needs=KSERVE),
    Damage("a version that KServe has not", "kserve.yaml", "serving.kserve.io has no ServingRuntime", put("ServingRuntime/apiVersion", "serving.kserve.io/v1"),
           needs=KSERVE),
    Damage("a metric misspelt", "dashboard.json", "radial_request_total",
           lambda board: board["panels"][1]["targets"][0].update(expr="rate(radial_request_total[5m])")),
    Damage("an expression that does not parse", "dashboard.json", "parse error",
           lambda board: board["panels"][1]["targets"][0].update(expr="sum by (code (rate(radial_requests_total[5m]))")),
    Damage("a panel over another", "dashboard.json", "overlap", lambda board: board["panels"][1].update(gridPos=board["panels"][2]["gridPos"])),
    Damage("an identifier twice", "dashboard.json", "id", lambda board: board["panels"][1].update(id=board["panels"][2]["id"])),
    Damage("an unknown field of the Job", "job.yaml", "completionsMode", put("Job/spec/completionsMode", "Indexed")),
    Damage("a flag of another command", "job.yaml", "`radial predict --help` knows no --port", lambda kinds: job(kinds)["args"].append("--port=1")),
    Damage("the server in a Job", "job.yaml", "begin with `predict`", put("Job/spec/template/spec/containers/0/args/0", "serve")),
    Damage("rows that may be written", "job.yaml", "mounts /mnt/rows to be written",
           put("Job/spec/template/spec/containers/0/volumeMounts/0/readOnly", False)),
    Damage("every index the same shard", "job.yaml", "found another text", put("Job/spec/template/spec/containers/0/args/2", "/mnt/rows/rows-0.npy"), live=True),
    Damage("a shard that cannot be written again", "job.yaml", "index 0 exits", lambda kinds: job(kinds)["args"].remove("--force"), live=True),
    Damage("a policy of another exit code", "job.yaml", "expected one of [3]",
           put("Job/spec/podFailurePolicy/rules/0/onExitCodes/values", [3]), live=True),
    Damage("a service misspelt", "compose.yaml", "read_onyl", put("services/radial/read_onyl", True)),
    Damage("a flag misspelt", "compose.yaml", "knows no --log-from", put("services/radial/command/2", "--log-from=json")),
    Damage("too short a grace period", "compose.yaml", "killed amid requests", put("services/radial/stop_grace_period", "0m16s")),
    Damage("an image of another version", "compose.yaml", "the server's version", put("services/radial/image", "example.org/radial:latest")),
    Damage("models that may be written", "compose.yaml", "read_only", put("services/radial/volumes/0/read_only", False)),
    Damage("models that are not mounted", "compose.yaml", "--models-dir is /mnt/models", put("services/radial/volumes/0/target", "/models")),
    Damage("a series misspelt", "prometheus-adapter.yaml", "the server has no metric radial_queue_row", lambda documents: documents[0]["rules"][0].update(
        seriesQuery="radial_queue_row{}", name={"matches": "^radial_queue_row$", "as": "radial_queue_rows"})),
    Damage("a query that does not parse", "prometheus-adapter.yaml", "parse error", lambda documents: documents[0]["rules"][0].update(
        metricsQuery="sum(<<.Series>>{<<.LabelMatchers>>}) by <<.GroupBy>>")),
    Damage("a host that the server refuses", "components/ingress", "expected --allowed-host=a.example.org",
           put("Ingress/spec/rules/0/host", "a.example.org")),
    Damage("a host without a certificate", "components/ingress", "no certificate", put("Ingress/spec/tls/0/hosts", ["b.example.org"])),
    Damage("bodies that the server refuses", "components/ingress", "16777216 bytes, found 64m",
           put("Ingress/metadata/annotations/nginx.ingress.kubernetes.io~proxy-body-size", "64m")),
    Damage("a backend of another port", "components/ingress", "port web of Service radial",
           put("Ingress/spec/rules/0/http/paths/0/backend/service/port/name", "web")),
    Damage("a policy that keeps the controller out", "components/ingress", "lets no other namespace", drop("NetworkPolicy/spec/ingress/2")),
    Damage("a backend of another port", "components/gateway", "port 8081 of Service radial",
           put("HTTPRoute/spec/rules/0/backendRefs/0/port", 8081)),
    Damage("a host that the server refuses", "components/gateway", "expected --allowed-host=a.example.org",
           put("HTTPRoute/spec/hostnames", ["a.example.org"])),
    Damage("an unknown field of the route", "components/gateway", "hostname", put("HTTPRoute/spec/hostname", "a.example.org"), needs=GATEWAY),
    Damage("an unknown field of the monitor", "components/pod-monitor", "podMetricEndpoints", put("PodMonitor/spec/podMetricEndpoints", [])),
    Damage("a monitor of other pods", "components/pod-monitor", "PodMonitor radial selects", put("PodMonitor/spec/selector/matchLabels", {"app": "radial"})),
    Damage("a monitor of the public port", "components/pod-monitor", "metrics are on 9080",
           put("PodMonitor/spec/podMetricsEndpoints/0/port", "http1")),
    Damage("a job that no alert knows", "components/pod-monitor", "the alerts look for it", drop("PodMonitor/spec/jobLabel")),
    Damage("a monitor of both Services", "components/service-monitor", "expected one, found 2",
           drop("ServiceMonitor/spec/selector/matchLabels/app.kubernetes.io~component")),
    Damage("a wrong type in the monitor", "components/service-monitor", "endpoints[0].port", put("ServiceMonitor/spec/endpoints/0/port", 9080)),
    Damage("an unknown field of the scaler", "components/keda", "minReplicas", put("ScaledObject/spec/minReplicas", 1)),
    Damage("a scaler of something else", "components/keda", "expected Deployment radial", put("ScaledObject/spec/scaleTargetRef/name", "radical")),
    Damage("a scaler of another namespace", "overlays/example", "of namespace radial",
           put("ScaledObject/spec/triggers/0/metadata/query", 'sum(radial_queue_rows{namespace="default"})')),
    Damage("a budget that lets none go", "components/keda", "of 2 replicas", put("ScaledObject/spec/minReplicaCount", 2)),
    Damage("a query of an unknown metric", "components/keda", "no metric radial_queue_length",
           put("ScaledObject/spec/triggers/0/metadata/query", 'sum(radial_queue_length{namespace="default"})'), live=True),
    Damage("a claim that nobody makes", "components/model-volume", "is of claim models",
           put(f"{POD}/volumes/0/persistentVolumeClaim/claimName", "models")),
    Damage("a folder that is not mounted", "components/model-volume", "--models-dir is /models", replace("--models-dir=/mnt/models", "--models-dir=/models")),
    Damage("a writable model", "components/model-volume", "to be written", drop(f"{CONTAINER}/volumeMounts/0/readOnly")),
    Damage("an image without a reference", "components/model-image", "Deployment radial: $.spec.template.spec.volumes[0].image.reference",
           put(f"{POD}/volumes/0/image/reference", 1)),
]
