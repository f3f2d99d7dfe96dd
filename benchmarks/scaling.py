"""Measure how memory and time grow with the number of images and with their pixels.

    python benchmarks/scaling.py --draw sprites --images 1000000
    python benchmarks/scaling.py sprites --images 1000000 --output results

The first command draws images of 64 x 64 into a folder, the second trains on them and writes
`scaling.json` and `scaling.png`. Each point is a process of its own: an epoch of a small dense
model, which the reading costs more than the training; and rounds of the convolutional default,
trained in turn on files and on the same images in memory, which tell whether it waits for its
images. Points in `scaling.json` are not measured again. Images of other sizes are drawn beside the
folder. Where it holds too few, its files are listed several times, and the result says so.
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

SIZE = 64
SIZES = (32, 64, 128)
SIZED_IMAGES = 10_000
COMPARED_IMAGES = {32: 8192, 64: 4096, 128: 1024}
ROUNDS = 5
ARRAY_SHAPE = (28, 28, 1)
MOST_READ = 50_000  # images of the epoch that is only read
BATCH_SIZE = 128
WARM_UP = 2 * BATCH_SIZE + 1  # images that have everything compiled, a last small batch too
CHUNK = 20_000  # images drawn by a process in one go


def draw(folder, count, size):
    """Draw what a folder lacks, by as many processes as there are cores."""
    pieces = [(folder, min(CHUNK, count - at), at, size) for at in range(0, count, CHUNK)]
    with multiprocessing.get_context("spawn").Pool() as pool:
        for done, _ in enumerate(pool.imap_unordered(draw_piece, pieces), start=1):
            print(f"{folder}: {min(done * CHUNK, count):,} of {count:,}", flush=True)


def draw_piece(piece):
    from vae_keras.data import write_sprites

    folder, count, first, size = piece
    write_sprites(folder, count, first=first, size=size)


def image_files(folder, count):
    """Return the first files of a folder and the seconds that a first look at them takes."""
    from vae_keras.data import ImageFiles
    from vae_keras.data.images.image_files import find_names
    from vae_keras.data.images.scan_images import scan_images

    names = find_names(Path(folder))[:count]
    began = time.perf_counter()
    scan = scan_images(Path(folder), names)
    seconds = time.perf_counter() - began
    times = -(-count // len(names))
    paths = [os.path.join(folder, name) for name in names] * times
    native = scan.native.tolist() * times
    return ImageFiles(paths[:count], scan.image_shape, native=native[:count]), len(names), seconds


def small_model(image_shape):
    from vae_keras import Config, build_model

    config = Config(architecture="mlp", encoder_units=(16,), decoder_units=(16,))
    return build_model(config, image_shape)


def peak_mib():
    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


def seconds_of_epoch(vae, x):
    began = time.perf_counter()
    vae.fit(x, batch_size=BATCH_SIZE, verbose=0)
    return time.perf_counter() - began


def seconds_of_reading(files):
    """Read an epoch and do nothing with it."""
    import keras

    from vae_keras.data import ImageStream

    batches = ImageStream(files, batch_size=BATCH_SIZE).batches()
    began = time.perf_counter()
    if keras.backend.backend() == "tensorflow":
        for _ in batches:
            pass
    else:
        batches.on_epoch_begin()
        for number in range(batches.num_batches):
            batches[number]
    return time.perf_counter() - began


def measure_files(folder, images):
    """Train an epoch of the small model on files."""
    files, different, first_look = image_files(folder, images)
    vae = small_model(files.image_shape)
    seconds_of_epoch(vae, files.take(slice(WARM_UP)))
    before = peak_mib()
    processor = time.process_time()
    epoch = seconds_of_epoch(vae, files)
    processor = time.process_time() - processor
    peak = peak_mib()
    read = files.take(slice(MOST_READ))
    return {
        "different_files": different,
        "first_look_seconds": first_look,
        "epoch_seconds": epoch,
        "epoch_processor_seconds": processor,
        "images_per_second": images / epoch,
        "read_images_per_second": len(read) / seconds_of_reading(read),
        "peak_mib": peak,
        "peak_before_epoch_mib": before,
    }


def measure_array(images):
    """Train an epoch of the small model on an array, and see what is held beside the array."""
    import numpy as np

    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (images, *ARRAY_SHAPE), dtype="uint8")
    vae = small_model(ARRAY_SHAPE)
    seconds_of_epoch(vae, x[:WARM_UP])
    before = peak_mib()
    processor = time.process_time()
    epoch = seconds_of_epoch(vae, x)
    processor = time.process_time() - processor
    return {
        "array_mib": x.nbytes / 2**20,
        "epoch_seconds": epoch,
        "epoch_processor_seconds": processor,
        "peak_mib": peak_mib(),
        "peak_before_epoch_mib": before,
    }


def measure_waiting(folder, images, rounds):
    """Train the default on files and on the same images in memory, in turn."""
    from vae_keras import build_model, preset

    files, _, _ = image_files(folder, images)
    held = files[:]
    vae = build_model(preset("default"), files.image_shape)
    seconds_of_epoch(vae, files)  # whole, so that all is compiled and all files are cached
    seconds_of_epoch(vae, held)
    seconds = {"files": [], "memory": []}
    for turn in range(rounds):
        pair = [("files", files), ("memory", held)]
        for name, x in pair if turn % 2 else reversed(pair):
            seconds[name].append(seconds_of_epoch(vae, x))
    ratios = sorted(a / b for a, b in zip(seconds["files"], seconds["memory"], strict=True))
    return {
        "files_images_per_second": images / statistics.median(seconds["files"]),
        "memory_images_per_second": images / statistics.median(seconds["memory"]),
        "read_images_per_second": images / seconds_of_reading(files),
        "seconds_on_files_over_in_memory": statistics.median(ratios),
        "ratios": [round(ratio, 3) for ratio in ratios],
    }


MEASURES = {"files": measure_files, "array": measure_array, "waiting": measure_waiting}


def sized_folder(folder, size):
    return folder if size == SIZE else folder.with_name(f"{folder.name}_{size}")


def points_of(folder, most, rounds):
    """Yield the name of each point and what its measure is called with."""
    counts = [n for n in (1_000, 10_000, 100_000, 1_000_000) if n <= most]
    for n in counts:
        yield f"files, {n}, {SIZE} pixels", {"folder": str(folder), "images": n}
        yield f"array, {n}", {"images": n}
    for size in SIZES:
        one = {"folder": str(sized_folder(folder, size))}
        count = min(SIZED_IMAGES, most)
        if size != SIZE:
            yield f"files, {count}, {size} pixels", {**one, "images": count}
        compared = min(COMPARED_IMAGES[size], most)
        yield f"waiting, {compared}, {size} pixels", {**one, "images": compared, "rounds": rounds}


def run_point(name, arguments, backend):
    """Measure a point in a process of its own."""
    command = [sys.executable, __file__, "--point", json.dumps([name.split(",")[0], arguments])]
    load = os.getloadavg()[0]
    done = subprocess.run(
        command,
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name} failed; see above")
    measured = json.loads(done.stdout.splitlines()[-1])
    return {**measured, "load_before": round(load, 1)}


def plot(results, path):
    """Draw seconds an epoch and peak memory over the number of images, seconds over pixels."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    from vae_keras.plotting.style import PALETTE, fix_ticks, style

    def series(kind, key, axis):
        rows = [(name.split(", "), one) for name, one in results.items() if name.startswith(kind)]
        sized = [(words, one) for words, one in rows if len(words) > 2]
        if axis == "images":
            found = [(int(w[1]), one[key]) for w, one in rows if w[2:] in ([], [f"{SIZE} pixels"])]
        else:
            found = [(int(w[2].split()[0]) ** 2, key(int(w[1]), one)) for w, one in sized]
        return zip(*sorted(found), strict=True)

    with style():
        figure = Figure(figsize=(10, 3.6), layout="constrained")
        axes = figure.subplots(1, 3)
        for kind, label, color in (
            ("files", "files, 64 x 64", PALETTE[0]),
            ("array", "array, 28 x 28", PALETTE[1]),
        ):
            x, y = series(kind, "epoch_seconds", "images")
            axes[0].plot(x, y, "o-", color=color, label=label)
            axes[1].plot(*series(kind, "peak_mib", "images"), "o-", color=color, label=label)
            # Through the largest point, where what an epoch costs once does not count.
            axes[0].plot(x, [y[-1] * one / x[-1] for one in x], ":", color="0.6", zorder=0.5)
        axes[0].set(xlabel="images", ylabel="seconds an epoch", title="small dense model")
        axes[1].set(
            xlabel="images", ylabel="peak memory, MiB", title="the same: memory", xscale="log"
        )
        axes[1].set_ylim(0)
        rates = (
            ("files_images_per_second", "trained on files", PALETTE[0], "o-"),
            ("memory_images_per_second", "trained in memory", PALETTE[1], "s--"),
            ("read_images_per_second", "only read", PALETTE[2], "o-"),
        )
        for key, label, color, line in rates:
            x, y = series("waiting", lambda _, one, key=key: 1e6 / one[key], "pixels")
            axes[2].plot(x, y, line, color=color, label=label)
        x, y = series("waiting", lambda _, one: 1e6 / one["files_images_per_second"], "pixels")
        axes[2].plot(x, [y[-1] * one / x[-1] for one in x], ":", color="0.6", zorder=0.5)
        axes[2].set(
            xlabel="pixels of an image", ylabel="microseconds an image", title="default model"
        )
        for ax in (axes[0], axes[2]):
            ax.set(xscale="log", yscale="log")
            ax.yaxis.set_minor_formatter(NullFormatter())
        for ax in axes:
            ax.legend()
            fix_ticks(ax)
        figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="a folder of drawn images")
    parser.add_argument("--draw", type=Path, metavar="FOLDER", help="draw images, and nothing else")
    parser.add_argument("--images", type=int, default=200_000, help="how many, at most")
    parser.add_argument("--size", type=int, default=SIZE, help="pixels of a side, with --draw")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--backend", default="tensorflow", choices=["tensorflow", "jax", "torch"])
    parser.add_argument("--output", type=Path, default=Path())
    parser.add_argument("--point", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.point:
        kind, arguments = json.loads(options.point)
        print(json.dumps(MEASURES[kind](**arguments)))
        return
    if options.draw:
        draw(options.draw, options.images, options.size)
        return
    if options.folder is None:
        parser.error("a folder or --draw is needed")
    for size in SIZES:
        if size != SIZE:
            draw(sized_folder(options.folder, size), min(SIZED_IMAGES, options.images), size)
    from vae_keras.io.files import write_json

    options.output.mkdir(parents=True, exist_ok=True)
    file = options.output / "scaling.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    for name, arguments in points_of(options.folder, options.images, options.rounds):
        if name not in results:
            results[name] = run_point(name, arguments, options.backend)
            write_json(file, results)
        print(name, results[name], flush=True)
    plot(results, options.output / "scaling.png")


if __name__ == "__main__":
    main()
