#!/usr/bin/env bash
# What wants a GPU, in one command: the package beside its peers, `stable_conv` with its own 60
# epochs in float32 and in mixed_bfloat16, the default preset, then as many stages of Burda et al.
# (2016) as the time allows.
#
#   KERAS_BACKEND=jax benchmarks/on_gpu.sh OUTPUT_FOLDER [--data FOLDER_WITH_THE_FASHION_MNIST_FILES]
#
# Leaves a run directory for each under OUTPUT_FOLDER and prints their metrics.json, and the tables
# of the comparison (of KERAS_BACKEND, or jax) in OUTPUT_FOLDER/compared-*. The stages are
# written as they end, STAGES (default 6) of them for each model; run again with the same folder, the
# study goes on where it stopped, and what is trained or compared already is left as it is. It needs
# MNIST, in the Keras cache or by a download.
set -euo pipefail
output=${1:?an output folder}
shift
cd "$(dirname "$0")/.."

# Architecture, images of an epoch, epochs of a timing.
while read -r architecture images epochs; do
    compared="$output/compared-$architecture"
    if [ ! -e "$compared/compared.json" ]; then
        python3 benchmarks/compare.py --architectures "$architecture" \
            --backend "${KERAS_BACKEND:-jax}" --images "$images" --epochs "$epochs" \
            --inference-images 50000 --output "$compared" "$@" ||
            echo "the comparison of $architecture failed, or says that something is wrong" >&2
    fi
done <<'SIZES'
conv 50000 4
stable_conv 20000 2
SIZES

train() { # NAME PRESET FLAGS...
    local run="$output/$1"
    if [ ! -e "$run/metrics.json" ]; then
        python3 train.py --preset "$2" --run-dir "$run" "${@:3}"
    fi
}
train stable_conv stable_conv "$@"
train stable_conv_bfloat16 stable_conv --precision mixed_bfloat16 "$@"
train default default "$@"
tail -n +1 "$output"/*/metrics.json
tail -n +1 "$output"/compared-*/compared.md

python3 reproductions/burda_2016.py "$output/burda" --models vae iwae_5 iwae_50 \
    --stages "${STAGES:-6}" --samples 5000
tail -n +1 "$output"/burda/results.json
