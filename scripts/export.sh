#!/usr/bin/env bash
# Exports more than a hundred networks as the newest frameworks write them (both of PyTorch's exporters, Keras' export, tf2onnx, skl2onnx) and
# holds Radial's answers, also to far rows, to those of the framework in Float64; a table says what each file became, or why it was refused.
# Then the journey of the page of ONNX files, as it stands there. Fails where an answer is wrong or a refusal was not expected.
#   scripts/export.sh [torch|tensorflow|sklearn|journey]…    default: all
#   scripts/export.sh --speed      the engine beside ONNX Runtime on the same files, one thread each; load time and memory of 200 MB (ROUNDS=5)
# The environments are large: 5.6 GB of PyTorch, 1.7 GB of TensorFlow. RADIAL names the binary; without it a release build is made.
source "$(dirname "$0")/help.sh"
parts=("$@")
[ $# -gt 0 ] || parts=(torch tensorflow sklearn journey)
for part in "${parts[@]}"; do
  case $part in torch | tensorflow | sklearn | journey | --speed) ;; *) print_help >&2; exit 2 ;; esac
done
source "$(dirname "$0")/setup.sh"
install_packages python3-venv curl
source scripts/environment.sh
source scripts/server.sh
find_radial
export PYTHONDONTWRITEBYTECODE=1

status=0
# networks PROGRAM: exports them into a folder, and judges them.
networks() {
  mkdir "$folder/$1"
  "$python" "scripts/export/$1.py" "$folder/$1" >"$folder/$1.log" 2>&1 || { tail -20 "$folder/$1.log" >&2; exit 1; }
  "$python" scripts/export/judge.py "$RADIAL" "$folder/$1" || status=1
}

# shellcheck disable=SC2154  # python is set by virtual_environment
for part in "${parts[@]}"; do
  case $part in
    torch)
      virtual_environment scripts/export/torch
      MYPYPATH=scripts/export:scripts/bench "$python" -m mypy --strict --ignore-missing-imports --follow-imports=silent --cache-dir=/dev/null \
        scripts/export/{case,judge,journey,load,networks,pytorch,speed}.py
      networks pytorch
      ;;
    tensorflow)
      virtual_environment scripts/export/tensorflow
      networks tensorflow_keras
      ;;
    sklearn)
      virtual_environment scripts/export/sklearn
      networks sklearn_models
      ;;
    journey)
      virtual_environment scripts/export/torch
      mkdir "$folder/journey"
      "$python" scripts/export/journey.py "$RADIAL" "$folder/journey" 2>"$folder/journey.log" || { tail -20 "$folder/journey.log" >&2; status=1; }
      ;;
    --speed)
      virtual_environment scripts/export/torch
      swift build -c release --static-swift-stdlib --product radial-bench
      bench=$(swift build -c release --static-swift-stdlib --show-bin-path)/radial-bench
      mkdir "$folder/speed"
      PYTHONPATH=scripts/bench "$python" scripts/export/speed.py "$RADIAL" "$bench" "$folder/speed" 2>"$folder/speed.log" || { tail -20 "$folder/speed.log" >&2; exit 1; }
      ;;
  esac
done
exit "$status"
