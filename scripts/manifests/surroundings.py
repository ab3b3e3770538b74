"""What stands around the Deployment in some of its forms: that it agrees with the Deployment, and with what the server says and counts."""

import re

from rules import Workload, quantity, workloads

# https://nginx.org/en/docs/syntax.html
NGINX_SIZES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}


def problems(documents: list[dict]) -> list[str]:
    found = []
    for deployment in of_kind(documents, "Deployment"):
        workload = next(w for w in workloads(documents) if w.name == f"Deployment {deployment['metadata']['name']}")
        rules = (host_problems, monitor_problems, scaled_object_problems, volume_problems)
        found += [problem for rule in rules for problem in rule(documents, deployment, workload)]
    return found


def of_kind(documents: list[dict], *kinds: str) -> list[dict]:
    return [document for document in documents if document["kind"] in kinds]


def service_port(documents: list[dict], name: str, port: str | int, workload: Workload) -> int | None:
    """The container's port behind a Service's port, which is named or numbered."""
    ports = [p for service in of_kind(documents, "Service") if service["metadata"]["name"] == name for p in service["spec"]["ports"]]
    return next((workload.port(p.get("targetPort", p["port"])) for p in ports if port in (p["port"], p.get("name"))), None)


def host_problems(documents: list[dict], deployment: dict, workload: Workload):
    """Who comes from outside the namespace: by an allowed name, to the public port, past the NetworkPolicy."""
    allowed = {argument.partition("=")[2] for argument in workload.arguments if argument.startswith("--allowed-host=")}
    public, body = int(workload.flag("port")), quantity(workload.flag("max-body-bytes").removesuffix("B"))
    for route in of_kind(documents, "Ingress", "HTTPRoute"):
        whose, spec = f"{route['kind']} {route['metadata']['name']}", route["spec"]
        if route["kind"] == "Ingress":
            hosts = [rule["host"] for rule in spec["rules"]]
            backends = [path["backend"]["service"] for rule in spec["rules"] for path in rule["http"]["paths"]]
            backends = [(backend["name"], backend["port"].get("name", backend["port"].get("number"))) for backend in backends]
            for host in hosts:
                if not any(host in certificate["hosts"] for certificate in spec.get("tls", [])):
                    yield f"{whose}: no certificate for {host}"
            # ingress-nginx's own is 1 MB.
            size = route["metadata"].get("annotations", {}).get("nginx.ingress.kubernetes.io/proxy-body-size", "1m")
            if spec.get("ingressClassName") == "nginx" and quantity(size.lower(), NGINX_SIZES) != body:
                yield f"{whose}: expected proxy-body-size to be the server's --max-body-bytes, {body} bytes, found {size}"
        else:
            hosts = spec["hostnames"]
            backends = [(backend["name"], backend["port"]) for rule in spec["rules"] for backend in rule["backendRefs"]]
        for host in hosts:
            if host not in allowed:
                yield f"{whose}: the server refuses its host {host}; expected --allowed-host={host}"
        for name, port in backends:
            if service_port(documents, name, port, workload) != public:
                yield f"{whose}: port {port} of Service {name} does not lead to the server's port {public}"
        for policy in of_kind(documents, "NetworkPolicy"):
            sides = [(side, port["port"]) for rule in policy["spec"]["ingress"] for side in rule["from"] for port in rule["ports"]]
            if not any("namespaceSelector" in side and workload.port(port) == public for side, port in sides):
                yield f"{whose}: the NetworkPolicy lets no other namespace reach port {public}"


def monitor_problems(documents: list[dict], deployment: dict, workload: Workload):
    admin = int((workload.flag("admin-address") or "").rpartition(":")[2] or workload.flag("port"))
    for monitor in of_kind(documents, "PodMonitor", "ServiceMonitor"):
        whose, spec = f"{monitor['kind']} {monitor['metadata']['name']}", monitor["spec"]
        wanted = spec["selector"]["matchLabels"]
        if monitor["kind"] == "PodMonitor":
            selected, endpoints = [workload.labels], spec["podMetricsEndpoints"]
            ports = [workload.port(endpoint["port"]) for endpoint in endpoints]
        else:
            services = [s for s in of_kind(documents, "Service") if wanted.items() <= s["metadata"].get("labels", {}).items()]
            selected, endpoints = [service["metadata"]["labels"] for service in services], spec["endpoints"]
            # The operator knows a Service's port by its name alone.
            ports = [service_port(documents, service["metadata"]["name"], endpoint["port"], workload)
                     for service in services for endpoint in endpoints]
        if len(selected) != 1 or not wanted.items() <= selected[0].items():
            yield f"{whose} selects {wanted}: expected one, found {len(selected)} of {selected}"
        for port in ports:
            if port != admin:
                yield f"{whose} scrapes port {port}, metrics are on {admin}"
        if any(label.get(spec.get("jobLabel", "")) != "radial" for label in selected):
            yield f"{whose}: expected jobLabel to name a label whose value is radial, for the alerts look for it"


def scaled_object_problems(documents: list[dict], deployment: dict, workload: Workload):
    for scaler in of_kind(documents, "ScaledObject"):
        whose, spec = f"ScaledObject {scaler['metadata']['name']}", scaler["spec"]
        target = spec["scaleTargetRef"]
        if (target["apiVersion"], target["kind"], target["name"]) != (deployment["apiVersion"], "Deployment", deployment["metadata"]["name"]):
            yield f"{whose} scales {target['kind']} {target['name']}, expected Deployment {deployment['metadata']['name']}"
        if of_kind(documents, "HorizontalPodAutoscaler"):
            yield f"{whose} stands beside a HorizontalPodAutoscaler, which would scale as well"
        if "replicas" in deployment["spec"]:
            yield f"{whose}: the Deployment sets replicas"
        for budget in of_kind(documents, "PodDisruptionBudget"):
            if not 0 < budget["spec"]["minAvailable"] < spec["minReplicaCount"]:
                yield f"{whose}: of {spec['minReplicaCount']} replicas the PodDisruptionBudget keeps {budget['spec']['minAvailable']}"
        namespace = scaler["metadata"].get("namespace", "default")
        for query in queries(documents):
            if f'namespace="{namespace}"' not in query:
                yield f"{whose}: expected its query to be of namespace {namespace}, found {query}"


def volume_problems(documents: list[dict], deployment: dict, workload: Workload):
    volumes = {volume["name"]: volume for volume in workload.pod.get("volumes", [])}
    claims = {claim["metadata"]["name"] for claim in of_kind(documents, "PersistentVolumeClaim")}
    mounts = {mount["name"]: mount["mountPath"] for mount in workload.container.get("volumeMounts", [])}
    if mounts.keys() != volumes.keys():
        yield f"mounts {sorted(mounts)}, has volumes {sorted(volumes)}"
    for name, volume in volumes.items():
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and claim not in claims:
            yield f"volume {name} is of claim {claim}, found {sorted(claims)}"
    served = workload.flag("models-dir")
    if mounts and served not in mounts.values():
        yield f"--models-dir is {served}, mounted are {sorted(mounts.values())}"


def queries(documents: list[dict]) -> list[str]:
    """The Prometheus expressions that are asked to scale by."""
    triggers = [trigger for scaler in of_kind(documents, "ScaledObject") for trigger in scaler["spec"]["triggers"]]
    return [trigger["metadata"]["query"] for trigger in triggers if trigger["type"] == "prometheus"]


def adapter_queries(rules: list[dict]) -> dict[str, str]:
    """Prometheus Adapter: the expressions of each rule by the name that the metric gets, with values for its templates."""
    found = {}
    for rule in rules:
        series = rule["seriesQuery"].partition("{")[0]
        name = re.sub(rule["name"]["matches"], rule["name"]["as"], series)
        values = {"<<.Series>>": series, "<<.LabelMatchers>>": 'namespace="a",pod=~"b|c"', "<<.GroupBy>>": "pod"}
        text = rule["metricsQuery"]
        for template, value in values.items():
            text = text.replace(template, value)
        found[name] = text
    return found
