"""The schemas of Kubernetes (from kubernetes-validate), of KEDA and Prometheus Operator (from cloudcoil's models, which are generated from their
CustomResourceDefinitions), of Compose files (from check-jsonschema), and of KServe and the Gateway API (from a folder of their
CustomResourceDefinitions); all strict: what a cluster would silently drop is refused here."""

import importlib.resources
import json
import pathlib
import re

import jsonschema
import kubernetes_validate
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from cloudcoil.models.prometheus_operator.v1 import PodMonitor, ServiceMonitor

# The oldest version that kubernetes.yaml is for.
OLDEST = "1.27"
# Groups of which no package has a schema: theirs come from a folder.
FROM_FOLDER = ("serving.kserve.io", "gateway.networking.k8s.io")


class UniqueKeys(yaml.SafeLoader):
    """YAML allows no key twice; PyYAML takes the last."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read(path: pathlib.Path) -> list[dict]:
    return list(yaml.load_all(path.read_text(encoding="utf-8"), UniqueKeys))


def oldest(text: str) -> str:
    """The version that a file says it is for."""
    found = re.search(r"^# .*?Kubernetes (1\.\d+) or later", text, re.M)
    return found[1] if found else OLDEST


def strict(schema: dict) -> dict:
    """JSON Schema of a structural openAPIV3Schema; unknown fields are refused unless it says that they are preserved."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"], "pattern": schema.get("pattern", "")}
    result = dict(schema)
    if "properties" in schema:
        result["properties"] = {name: strict(value) for name, value in schema["properties"].items()}
    if isinstance(schema.get("items"), dict):
        result["items"] = strict(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = strict(schema["additionalProperties"])
    elif schema.get("type") == "object" and "additionalProperties" not in schema:
        result["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if schema.get("nullable"):
        result["type"] = [schema["type"], "null"]
    return result


def unique_by_keys(validator, keys, items, schema):
    """x-kubernetes-list-map-keys: no two items of the list with the same values of these."""
    defaults = {key: schema["items"]["properties"][key].get("default") for key in keys}
    seen = set()
    for item in items:
        identity = tuple(item.get(key, defaults[key]) for key in keys)
        if identity in seen:
            yield jsonschema.ValidationError(f"{dict(zip(keys, identity))} twice")
        seen.add(identity)


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"x-kubernetes-list-map-keys": unique_by_keys})


def model_schema(model) -> dict:
    """Strict JSON Schema of a model: its objects say nothing of fields that they do not have."""
    schema = model.model_json_schema(by_alias=True)
    schema["$defs"] = {name: closed(definition) for name, definition in schema["$defs"].items()}
    schema["properties"]["metadata"] = {"type": "object"}
    return closed(schema)


def closed(schema: dict) -> dict:
    return {"additionalProperties": False, **schema} if "properties" in schema else schema


class Schemas:
    def __init__(self, definitions: pathlib.Path | None):
        self.validators = {}
        for group, model in (("keda.sh/v1alpha1", ScaledObject), ("monitoring.coreos.com/v1", PodMonitor),
                             ("monitoring.coreos.com/v1", ServiceMonitor)):
            self.validators[group, model.__name__] = Validator(model_schema(model))
        self.groups: set[str] = set()
        for path in sorted(definitions.glob("*.yaml")) if definitions else []:
            for document in yaml.load_all(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                if document and document.get("kind") == "CustomResourceDefinition":
                    self.add(document["spec"])
        if definitions and not self.groups:
            raise SystemExit(f"{definitions}: expected CustomResourceDefinitions of {' and '.join(FROM_FOLDER)}, found none")
        compose = importlib.resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
        self.compose = jsonschema.Draft202012Validator(json.loads(compose.read_text(encoding="utf-8")))

    def add(self, definition: dict) -> None:
        if definition["group"] not in FROM_FOLDER:
            return
        self.groups.add(definition["group"])
        for version in definition["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            # The API server checks it by itself, as problems() does.
            schema["properties"]["metadata"] = {"type": "object"}
            self.validators[f"{definition['group']}/{version['name']}", definition["names"]["kind"]] = Validator(schema)

    def problems(self, document: dict, oldest: str = OLDEST) -> list[str]:
        key = document["apiVersion"], document["kind"]
        group = document["apiVersion"].partition("/")[0]
        if key not in self.validators and group not in FROM_FOLDER:
            versions = oldest, kubernetes_validate.latest_version()
            return list(dict.fromkeys(p for version in versions for p in kubernetes_problems(document, version)))
        # Its metadata are Kubernetes' own.
        found = kubernetes_problems({"apiVersion": "v1", "kind": "ConfigMap", "metadata": document["metadata"]}, kubernetes_validate.latest_version())
        if validator := self.validators.get(key):
            return found + [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]
        return [f"{group} has no {document['kind']} of {document['apiVersion']}"] if group in self.groups else found

    def compose_problems(self, document: dict) -> list[str]:
        return [f"{error.json_path}: {error.message[:300]}" for error in self.compose.iter_errors(document)]


def kubernetes_problems(document: dict, version: str) -> list[str]:
    try:
        kubernetes_validate.validate(document, version, strict=True)
        return []
    except kubernetes_validate.SchemaNotFoundError as error:
        return [error.message]
    except kubernetes_validate.ValidationError as error:
        return [f"{error.json_path}: {error.message[:300]} (Kubernetes {version})"]
