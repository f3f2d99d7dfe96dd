#!/usr/bin/env bash
# What wants a GPU, in one command: `stable_conv` with its own 60 epochs, then the default preset.
#
#   KERAS_BACKEND=jax benchmarks/on_gpu.sh OUTPUT_FOLDER [--data FOLDER_WITH_THE_FASHION_MNIST_FILES]
#
# Leaves a run directory for each under OUTPUT_FOLDER and prints their metrics.json.
set -euo pipefail
output=${1:?an output folder}
shift
cd "$(dirname "$0")/.."
for preset in stable_conv default; do
    python3 train.py --preset "$preset" --run-dir "$output/$preset" "$@"
done
tail -n +1 "$output"/*/metrics.json
