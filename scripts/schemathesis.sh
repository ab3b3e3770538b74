#!/usr/bin/env bash
# Validates the server's OpenAPI document, and tries with Schemathesis whether every route answers as it is documented: requests that fit
# the models, requests that fit the schemas and requests that do not, bounded and seeded. Arguments go to `schemathesis run`.
source "$(dirname "$0")/setup.sh"
install_packages curl python3-venv
source scripts/environment.sh
virtual_environment scripts/schemathesis
source scripts/server.sh
find_radial

# Rows of one number, which made-up requests often have: a calibrated model, one that is not, and a regressor.
golden=Tests/ModelsTests/Golden
mkdir -p "$folder/models"
"$python" scripts/schemathesis/calibrated.py $golden/one_feature "$folder/models/m.safetensors"
cp $golden/one_feature/weights.safetensors "$folder/models/plain.safetensors"
cp $golden/beta_regression/weights.safetensors "$folder/models/regressor.safetensors"
start_radial --models-dir "$folder/models" --default-model m
curl -sf "$url/openapi.json" >"$folder/openapi.json"
"$python" -m openapi_spec_validator "$folder/openapi.json"
# From its own folder: it writes its database of examples where it runs.
settings=$PWD/scripts/schemathesis/schemathesis.toml schemathesis=$(realpath "${python%/*}")/schemathesis
export SCHEMATHESIS_HOOKS=$PWD/scripts/schemathesis/fitting.py PYTHONDONTWRITEBYTECODE=1
cd "$folder"
"$schemathesis" --config-file "$settings" run "$url/openapi.json" --warnings off "$@"
curl -sf "$url/readyz" >/dev/null
