#!/usr/bin/env bash
# Lets the clients that people have talk to the server: every method of tritonclient's HTTP client, synchronous and asyncio, and
# TensorFlow Serving's REST and KServe's version 1 through requests. Every number is compared with the native answer.
source "$(dirname "$0")/setup.sh"
install_packages python3-venv
source scripts/environment.sh
virtual_environment scripts/clients
source scripts/server.sh
find_radial

start_radial --model weights/digits.safetensors --model-name m
first=$url
start_radial --model weights/digits.safetensors=m --allow-unload
"$python" scripts/clients/triton.py "${first#http://}" "${url#http://}"
"$python" scripts/clients/rest.py "$first"
