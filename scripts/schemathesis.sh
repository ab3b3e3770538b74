#!/usr/bin/env bash
# Validates the server's OpenAPI document, and tries with Schemathesis whether every route answers as it is documented: requests that fit
# the schemas and requests that do not, bounded and seeded. Arguments go to `schemathesis run`.
source "$(dirname "$0")/setup.sh"
install_packages curl python3-venv
source scripts/environment.sh
virtual_environment scripts/schemathesis
source scripts/server.sh
find_radial

# A small network, and a directory that an unload can be undone in.
mkdir -p "$folder/models/m/1"
cp Tests/ModelsTests/Golden/seed_example/weights.safetensors "$folder/models/m/1/model.safetensors"
start_radial --models-dir "$folder/models"
curl -sf "$url/openapi.json" >"$folder/openapi.json"
"$python" -m openapi_spec_validator "$folder/openapi.json"
# From its own folder: it writes its database of examples where it runs.
settings=$PWD/scripts/schemathesis/schemathesis.toml schemathesis=$(realpath "${python%/*}")/schemathesis
cd "$folder"
"$schemathesis" --config-file "$settings" run "$url/openapi.json" --warnings off "$@"
curl -sf "$url/readyz" >/dev/null
