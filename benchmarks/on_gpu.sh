#!/usr/bin/env bash
# What wants a GPU, in one command: `stable_conv` with its own 60 epochs, the default preset, then
# as many stages of Burda et al. (2016) as the time allows.
#
#   KERAS_BACKEND=jax benchmarks/on_gpu.sh OUTPUT_FOLDER [--data FOLDER_WITH_THE_FASHION_MNIST_FILES]
#
# Leaves a run directory for each under OUTPUT_FOLDER and prints their metrics.json. The stages are
# written as they end, STAGES (default 6) of them for each model; run again with the same folder, the
# study goes on where it stopped, and what is trained already is left as it is. It needs MNIST, in
# the Keras cache or by a download.
set -euo pipefail
output=${1:?an output folder}
shift
cd "$(dirname "$0")/.."
for preset in stable_conv default; do
    if [ ! -e "$output/$preset/metrics.json" ]; then
        python3 train.py --preset "$preset" --run-dir "$output/$preset" "$@"
    fi
done
tail -n +1 "$output"/*/metrics.json
python3 benchmarks/burda_2016.py "$output/burda" --models vae iwae_5 iwae_50 \
    --stages "${STAGES:-6}" --samples 5000
tail -n +1 "$output"/burda/results.json
