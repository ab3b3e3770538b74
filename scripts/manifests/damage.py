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
    needs_kserve: bool = False


def pod(kinds: dict) -> dict:
    return kinds["Deployment"]["spec"]["template"]["spec"]


def container(kinds: dict) -> dict:
    return (pod(kinds) if "Deployment" in kinds else kinds["ServingRuntime"]["spec"])["containers"][0]


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
RUNTIME, PREDICTOR = "ServingRuntime/spec/containers/0", "InferenceService/spec/predictor"

DAMAGES = [
    Damage("a misspelt field", "kubernetes.yaml", "readinesProbe", put(f"{CONTAINER}/readinesProbe", {})),
    Damage("a wrong type", "kubernetes.yaml", "Deployment radial: $.spec.template.spec.terminationGracePeriodSeconds",
           put(f"{POD}/terminationGracePeriodSeconds", "35")),
    Damage("an API that does not exist", "kubernetes.yaml", "Couldn't find schema",
           put("HorizontalPodAutoscaler/apiVersion", "autoscaling/v2beta9")),
    Damage("no selector", "kubernetes.yaml", "'selector' is a required property", drop("Deployment/spec/selector")),
    Damage("a flag misspelt", "kubernetes.yaml", "knows no --drain-dely", replace("--drain-delay=10", "--drain-dely=10")),
    Damage("a variable misspelt", "kserve.yaml", "knows no flag of the variable RADIAL_HOSTS", put(f"{RUNTIME}/env", [{"name": "RADIAL_HOSTS", "value": "::"}])),
    Damage("a flag's value that is refused", "kubernetes.yaml", "exits 2", replace("--log-format=json", "--log-format=xml"), live=True),
    Damage("no subcommand", "kubernetes.yaml", "begin with `serve`", drop(f"{CONTAINER}/args/0")),
    Damage("too short a grace period", "kubernetes.yaml", "killed amid requests", put(f"{POD}/terminationGracePeriodSeconds", 28)),
    Damage("too long a drain for KServe", "kserve.yaml", "killed amid requests", replace("--drain-timeout=15", "--drain-timeout=30")),
    Damage("a preStop of unknown length", "kubernetes.yaml", "can be counted",
           put(f"{CONTAINER}/lifecycle/preStop", {"httpGet": {"path": "/livez", "port": 8080}})),
    Damage("a preStop that nobody counted", "kubernetes.yaml", "killed amid requests",
           put(f"{CONTAINER}/lifecycle", {"preStop": {"exec": {"command": ["sleep", "5"]}}})),
    Damage("a drain delay shorter than the probe", "kubernetes.yaml", "is noticed after 3 s", replace("--drain-delay=10", "--drain-delay=2")),
    Damage("no drain delay", "kserve.yaml", "is noticed after", lambda kinds: container(kinds)["args"].remove("--drain-delay=5")),
    Damage("listening on the loopback only", "kubernetes.yaml", "0.0.0.0", replace("--host=0.0.0.0", "--host=127.0.0.1")),
    Damage("another port than the container's", "kubernetes.yaml", "not among its containerPorts", replace("--port=8080", "--port=8081")),
    Damage("a probe of another port", "kubernetes.yaml", "livenessProbe asks port 9", put(f"{CONTAINER}/livenessProbe/httpGet/port", 9)),
    Damage("a probe of the public port", "kubernetes.yaml", "readinessProbe asks port http1, the server listens on 9080",
           put(f"{CONTAINER}/readinessProbe/httpGet/port", "http1")),
    Damage("an admin port that nobody opened", "kubernetes.yaml", "admin listener's port 9081", replace("--admin-address=0.0.0.0:9080", "--admin-address=0.0.0.0:9081")),
    Damage("a probe of another path", "kubernetes.yaml", "expected 200, found 404",
           put(f"{CONTAINER}/readinessProbe/httpGet/path", "/v2/healthy"), live=True),
    Damage("a probe of another model", "kserve.yaml", "expected 200, found 404",
           put(f"{RUNTIME}/readinessProbe/httpGet/path", "/v2/models/m/ready"), live=True),
    Damage("no liveness probe", "kserve.yaml", "has no livenessProbe", drop(f"{RUNTIME}/livenessProbe")),
    Damage("Prometheus at another port", "kserve.yaml", "Prometheus' port", put("ServingRuntime/spec/annotations/prometheus.kserve.io~port", "80")),
    Damage("a Service of other pods", "kubernetes.yaml", "Service radial selects", put("Service/spec/selector", {"app": "radial"})),
    Damage("a budget of other pods", "kubernetes.yaml", "PodDisruptionBudget selects",
           put("PodDisruptionBudget/spec/selector/matchLabels", {"app": "radial"})),
    Damage("a policy of other pods", "kubernetes.yaml", "NetworkPolicy selects",
           put("NetworkPolicy/spec/podSelector/matchLabels", {"app": "radial"})),
    Damage("a policy of another port", "kubernetes.yaml", "NetworkPolicy: port web",
           put("NetworkPolicy/spec/ingress/0/ports/0/port", "web")),
    Damage("a Service of another port", "kubernetes.yaml", "targetPort web", put("Service/spec/ports/0/targetPort", "web")),
    Damage("service links", "kubernetes.yaml", "RADIAL_PORT", drop(f"{POD}/enableServiceLinks")),
    Damage("replicas beside an autoscaler", "kubernetes.yaml", "sets replicas", put("Deployment/spec/replicas", 3)),
    Damage("an autoscaler of something else", "kubernetes.yaml", "expected Deployment radial",
           put("HorizontalPodAutoscaler/spec/scaleTargetRef/name", "radical")),
    Damage("an autoscaler of an unknown metric", "kubernetes.yaml", "no metric radial_queue_length",
           put("HorizontalPodAutoscaler/spec/metrics/0/pods/metric/name", "radial_queue_length"), live=True),
    Damage("a budget that lets all go", "kubernetes.yaml", "3 may go", put("PodDisruptionBudget/spec/minAvailable", 0)),
    Damage("a budget that lets none go", "kubernetes.yaml", "0 may go", put("PodDisruptionBudget/spec/minAvailable", 3)),
    Damage("an update that stops pods first", "kubernetes.yaml", "rollingUpdate.maxUnavailable 0",
           put("Deployment/spec/strategy/rollingUpdate/maxUnavailable", 1)),
    Damage("a writable root", "kubernetes.yaml", "readOnlyRootFilesystem", drop(f"{CONTAINER}/securityContext/readOnlyRootFilesystem")),
    Damage("root", "kserve.yaml", "runAsNonRoot", put(f"{RUNTIME}/securityContext/runAsNonRoot", False)),
    Damage("capabilities", "kubernetes.yaml", "capabilities", drop(f"{CONTAINER}/securityContext/capabilities")),
    Damage("an image without a tag", "kubernetes.yaml", "a tag or a digest", put(f"{CONTAINER}/image", "example.org/radial")),
    Damage("a request above its limit", "kubernetes.yaml", "within a limit", put(f"{CONTAINER}/resources/requests/memory", "1Gi")),
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
    Damage("an unknown field of the runtime", "kserve.yaml", "protocolVersion", put("ServingRuntime/spec/protocolVersion", "v2"), needs_kserve=True),
    Damage("an unknown field of a probe", "kserve.yaml", "urlPath", put(f"{RUNTIME}/readinessProbe/httpGet/urlPath", "/"), needs_kserve=True),
    Damage("an unknown field of the model", "kserve.yaml", "storageURI", put(f"{PREDICTOR}/model/storageURI", "pvc://m"), needs_kserve=True),
    Damage("a wrong type in the predictor", "kserve.yaml", "maxReplicas", put(f"{PREDICTOR}/maxReplicas", "four"), needs_kserve=True),
    Damage("a port twice", "kserve.yaml", "twice", lambda kinds: container(kinds)["ports"].append(container(kinds)["ports"][0]), needs_kserve=True),
    Damage("a version that KServe has not", "kserve.yaml", "KServe has no ServingRuntime", put("ServingRuntime/apiVersion", "serving.kserve.io/v1"),
           needs_kserve=True),
    Damage("a metric misspelt", "dashboard.json", "radial_request_total",
           lambda board: board["panels"][1]["targets"][0].update(expr="rate(radial_request_total[5m])")),
    Damage("an expression that does not parse", "dashboard.json", "parse error",
           lambda board: board["panels"][1]["targets"][0].update(expr="sum by (code (rate(radial_requests_total[5m]))")),
    Damage("a panel over another", "dashboard.json", "overlap", lambda board: board["panels"][1].update(gridPos=board["panels"][2]["gridPos"])),
    Damage("an identifier twice", "dashboard.json", "id", lambda board: board["panels"][1].update(id=board["panels"][2]["id"])),
]
