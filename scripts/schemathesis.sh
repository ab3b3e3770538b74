#!/usr/bin/env bash
# Validates the server's OpenAPI document, and tries with Schemathesis whether every route answers as it is documented: requests that fit
# the models, requests that fit the schemas and requests that do not, bounded and seeded. Arguments go to `schemathesis run`.
source "$(dirname "$0")/setup.sh"
install_packages curl python3-venv
source scripts/environment.sh
virtual_environment scripts/schemathesis
source scripts/server.sh
find_radial

# Rows of one number, which made-up requests often have: a calibrated model with samples, one that is not, and a regressor.
golden=Tests/ModelsTests/Golden
mkdir -p "$folder/models"
"$python" scripts/schemathesis/calibrated.py $golden/one_feature "$folder/m.safetensors"
printf '[-3]\n[0.5]\n[90]\n' >"$folder/rows.jsonl"
printf '0\n1\n0\n' >"$folder/labels.txt"
"$RADIAL" convert "$folder/m.safetensors" -o "$folder/models/m.safetensors" --samples "$folder/rows.jsonl" --sample-labels "$folder/labels.txt"
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
