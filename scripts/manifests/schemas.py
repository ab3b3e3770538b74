"""The schemas of Kubernetes (from kubernetes-validate) and of KServe (from its CustomResourceDefinitions), both strict: what a cluster
would silently drop is refused here."""

import pathlib

import jsonschema
import kubernetes_validate
import yaml

# The oldest version that kubernetes.yaml is for, and the newest that is known.
VERSIONS = ("1.27", kubernetes_validate.latest_version())


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


class Schemas:
    def __init__(self, kserve: pathlib.Path | None):
        self.validators = {}
        for path in sorted(kserve.glob("serving.kserve.io_*.yaml")) if kserve else []:
            definition = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))["spec"]
            for version in definition["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                # The API server checks it by itself, as problems() does.
                schema["properties"]["metadata"] = {"type": "object"}
                key = f"{definition['group']}/{version['name']}", definition["names"]["kind"]
                self.validators[key] = Validator(schema)
        if kserve and not self.validators:
            raise SystemExit(f"{kserve}: expected KServe's serving.kserve.io_*.yaml, found none")

    def problems(self, document: dict) -> list[str]:
        if not document["apiVersion"].startswith("serving.kserve.io/"):
            return list(dict.fromkeys(p for version in VERSIONS for p in kubernetes_problems(document, version)))
        found = kubernetes_problems({"apiVersion": "v1", "kind": "ConfigMap", "metadata": document["metadata"]}, VERSIONS[-1])
        if self.validators:
            validator = self.validators.get((document["apiVersion"], document["kind"]))
            if validator is None:
                return [f"KServe has no {document['kind']} of {document['apiVersion']}"]
            found += [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(document)]
        return found


def kubernetes_problems(document: dict, version: str) -> list[str]:
    try:
        kubernetes_validate.validate(document, version, strict=True)
        return []
    except kubernetes_validate.SchemaNotFoundError as error:
        return [error.message]
    except kubernetes_validate.ValidationError as error:
        return [f"{error.json_path}: {error.message[:300]} (Kubernetes {version})"]
