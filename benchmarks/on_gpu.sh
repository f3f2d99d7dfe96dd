#!/usr/bin/env bash
# What wants a GPU, in steps of at most eight minutes, the most valuable first.
#
#   KERAS_BACKEND=jax benchmarks/on_gpu.sh OUTPUT_FOLDER [STEP...]
#
#   tests      the tests that have to pass on every backend, on JAX and on PyTorch
#   bfloat16   `stable_conv`, its 60 epochs in mixed_bfloat16
#   conv       this package beside its peers, on `conv`
#   wide       the same on `stable_conv`
#   default    the default preset, seeds 0 to 2
#   float32    `stable_conv`, its 60 epochs in float32
#   burda      stages of Burda et al. (2016), three models side by side
#
# Without a STEP it takes all of them. Each step is useful alone, and may be stopped: run again with
# the same folder, it continues, or leaves what is there as it is. Each says at its end how many
# seconds it took; the runs, tables and logs are in OUTPUT_FOLDER. Fashion-MNIST and MNIST have to be
# in the Keras cache, or are downloaded.
#
# SECONDS_A_STEP (480), SEEDS ("0 1 2"), STAGES (6) and WORKERS (8, of the tests) change how long it
# takes. TINY=1 is a dry run on a CPU, with a few images.
set -uo pipefail
output=$(realpath -m "${1:?an output folder}")
shift
[ $# -gt 0 ] || set -- tests bfloat16 conv wide default float32 burda
cd "$(dirname "$0")/.."
mkdir -p "$output"
python=${PYTHON:-python3}
seconds=${SECONDS_A_STEP:-480}
seeds=${SEEDS:-0 1 2}
stages=${STAGES:-6}
backend=${KERAS_BACKEND:-jax}
# Processes side by side share the GPU's memory: JAX must not take most of it as it starts.
export KERAS_BACKEND=$backend XLA_PYTHON_CLIENT_PREALLOCATE=false
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}"
train=() amounts=() burda=(--samples 5000) tests=()
if [ -n "${TINY:-}" ]; then
    train=(--train-size 32 --batch-size 16 --epochs 1 --warmup-epochs 1)
    amounts=(--images 32 --epochs 1 --inference-images 32 --agreement-images 32
        --agreement-epochs 1 --rounds 1 --batch-size 16 --inference-batch-size 16 --peak-seconds 0)
    burda=(--samples 2 --train-size 40 --test-size 20)
    tests=(tests/unit/test_schedules.py)
fi

limited() { # COMMAND...: stop it as Ctrl-C does, so that it keeps what it has
    timeout --signal INT --kill-after 20 "$seconds" "$@"
}

# The tolerances of the tests are those of float32.
tested() { # BACKEND
    KERAS_BACKEND=$1 NVIDIA_TF32_OVERRIDE=0 \
        JAX_DEFAULT_MATMUL_PRECISION=highest OMP_NUM_THREADS=1 limited "$python" -m pytest -q \
        -m backend --ignore tests/e2e/test_notebooks.py -n "${WORKERS:-8}" -p no:cacheprovider \
        -W default "${tests[@]}" \
        >"$output/tests-$1.log" 2>&1
    local code=$?
    tail -n 3 "$output/tests-$1.log"
    return $code
}

trained() { # NAME PRESET FLAGS...
    local run="$output/$1" resume=()
    [ -e "$run/metrics.json" ] && return
    [ -e "$run/config.json" ] && resume=(--resume "$run")
    if [ ${#resume[@]} -gt 0 ]; then
        limited "$python" train.py "${resume[@]}" >>"$output/$1.log" 2>&1
    else
        limited "$python" train.py --preset "$2" --run-dir "$run" "${@:3}" "${train[@]}" \
            >"$output/$1.log" 2>&1
    fi || { tail -n 5 "$output/$1.log" && return 1; }
}

compared() { # ARCHITECTURE IMAGES EPOCHS
    local folder="$output/compared-$1"
    [ -e "$folder/compared.json" ] && return
    limited "$python" benchmarks/compare.py --architectures "$1" --backend "$backend" \
        --measure training inference agreement --images "$2" --epochs "$3" --rounds 5 \
        --inference-images 50000 --peak-seconds 1 --output "$folder" "${amounts[@]}"
}

side_by_side() { # each line of the input is a command
    local code=0 line jobs=()
    while read -r line; do
        $line &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" || code=1; done
    return $code
}

step() { # NAME
    case $1 in
    tests) printf 'tested jax\ntested torch\n' | side_by_side ;;
    bfloat16) trained stable_conv_bfloat16 stable_conv --precision mixed_bfloat16 ;;
    conv) compared conv 50000 4 ;;
    wide) compared stable_conv 20000 2 ;;
    default) printf 'trained default-%s default --seed %s\n' $(for s in $seeds; do echo "$s $s"; done) | side_by_side ;;
    float32) trained stable_conv stable_conv ;;
    burda)
        printf "limited $python reproductions/burda_2016.py $output/burda --stages $stages ${burda[*]} --models %s\n" \
            vae iwae_5 iwae_50 | side_by_side >"$output/burda.log" 2>&1
        ;;
    *) echo "there is no step $1" >&2 && return 2 ;;
    esac
}

failed=0
for name in "$@"; do
    began=$SECONDS
    code=0
    step "$name" || code=$?
    [ $code = 0 ] || failed=1
    echo "== $name: $((SECONDS - began)) s, exit status $code"
done
exit $failed
