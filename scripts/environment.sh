# Sourced: virtual_environment FOLDER makes FOLDER/.venv of FOLDER/requirements.txt, once and again when the requirements change, and
# sets "$python". RADIAL_VENVS names another place for it.
# shellcheck shell=bash
virtual_environment() {
  local folder=$1 environment
  environment=${RADIAL_VENVS:+$RADIAL_VENVS/${folder##*/}}
  environment=${environment:-$folder/.venv}
  if ! cmp -s "$folder/requirements.txt" "$environment/installed-requirements.txt"; then
    echo "installing $folder/requirements.txt into $environment" >&2
    "${PYTHON:-python3}" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --disable-pip-version-check -r "$folder/requirements.txt" >&2
    cp "$folder/requirements.txt" "$environment/installed-requirements.txt"
  fi
  python=$environment/bin/python
}
