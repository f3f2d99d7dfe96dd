"""Damage to any file, drawn from a seed: the same seed, the same damage."""

from collections.abc import Callable

import numpy as np

Mutation = Callable[[bytes, np.random.Generator], bytes]


def _bits(data: bytes, random: np.random.Generator) -> bytes:
    array = np.frombuffer(data, np.uint8).copy()
    for place in random.integers(0, len(data), int(random.integers(1, 9))):
        array[place] ^= 1 << random.integers(8)
    return array.tobytes()


def _early_bits(data: bytes, random: np.random.Generator) -> bytes:
    start = min(len(data), 256)
    return _bits(data[:start], random) + data[start:]


def _late_bits(data: bytes, random: np.random.Generator) -> bytes:
    start = max(0, len(data) - 512)
    return data[:start] + _bits(data[start:], random)


def _cut(data: bytes, random: np.random.Generator) -> bytes:
    return data[: random.integers(0, len(data))]


def _hole(data: bytes, random: np.random.Generator) -> bytes:
    start, end = sorted(random.integers(0, len(data) + 1, 2))
    return data[:start] + data[end:]


def _zeros(data: bytes, random: np.random.Generator) -> bytes:
    return _filled(data, random, b"\0")


def _ones(data: bytes, random: np.random.Generator) -> bytes:
    return _filled(data, random, b"\xff")


def _filled(data: bytes, random: np.random.Generator, byte: bytes) -> bytes:
    start = int(random.integers(0, len(data)))
    count = min(len(data) - start, int(2 ** random.uniform(0, 12)))
    return data[:start] + byte * count + data[start + count :]


def _noise(data: bytes, random: np.random.Generator) -> bytes:
    start = int(random.integers(0, len(data)))
    count = min(len(data) - start, int(2 ** random.uniform(1, 10)))
    return data[:start] + random.bytes(count) + data[start + count :]


def _inserted(data: bytes, random: np.random.Generator) -> bytes:
    start = int(random.integers(0, len(data)))
    return data[:start] + random.bytes(int(random.integers(1, 64))) + data[start:]


def _doubled(data: bytes, random: np.random.Generator) -> bytes:
    start, end = sorted(random.integers(0, len(data) + 1, 2))
    return data[:end] + data[start:end] + data[end:]


def _number(data: bytes, random: np.random.Generator) -> bytes:
    """Put an extreme number where a length or an offset may be."""
    size = int(random.choice([1, 2, 4, 8]))
    numbers = (0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1), 2 ** (8 * size - 1) - 1)
    value = numbers[random.integers(len(numbers))]
    start = int(random.integers(0, max(1, min(len(data), 4096) - size)))
    if random.integers(2):
        start = int(random.integers(0, max(1, len(data) - size)))
    order = "little" if random.integers(2) else "big"
    return data[:start] + value.to_bytes(size, order) + data[start + size :]


def _appended(data: bytes, random: np.random.Generator) -> bytes:
    return data + random.bytes(int(random.integers(1, 4096)))


MUTATIONS: dict[str, Mutation] = {
    "bit flips": _bits,
    "bit flips in the first 256 bytes": _early_bits,
    "bit flips in the last 512 bytes": _late_bits,
    "truncation": _cut,
    "hole": _hole,
    "zeros": _zeros,
    "0xff bytes": _ones,
    "noise": _noise,
    "insertion": _inserted,
    "repetition": _doubled,
    "extreme number": _number,
    "appended noise": _appended,
}


def spliced(first: bytes, second: bytes, random: np.random.Generator) -> bytes:
    """Return the start of one file and the end of another."""
    return first[: random.integers(0, len(first))] + second[random.integers(0, len(second)) :]
