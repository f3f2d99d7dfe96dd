"""Hostile `.keras` files, made by hand: archives, settings and weights that want to do harm."""

import base64
import io
import json
import marshal
import pickle
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from malformed import whole
from malformed.data_files import Case, Executed
from malformed.weights_files import weights_files

_MIB = 1 << 20
Made = tuple[str, bytes | Callable[[], bytes]]


def model_files(model: bytes, canary: Path) -> Iterator[Case]:
    """Yield every hand-made file.

    Args:
        model: A whole `.keras` file.
        canary: A folder that nothing may touch; `secret.h5` and `secret.txt` are in it.
    """
    parts = whole.members(model)
    for kind, content in (*_archives(parts, canary), *_settings(parts, canary)):
        yield f"keras: {kind}", "keras", content
    for kind, weights in weights_files(parts["model.weights.h5"], canary):
        yield f"keras: {kind}", "keras", whole.zipped({**parts, "model.weights.h5": weights})


def _archives(parts: dict[str, bytes], canary: Path) -> Iterator[Made]:
    for content in (b"", b"PK", b"PK\5\6" + bytes(18), b"\x89HDF\r\n\x1a\n" + bytes(900), b"text"):
        yield "no archive", content
    for protocol in range(6):
        yield "pickle", pickle.dumps(Executed(canary), protocol)
    yield "pickle", whole.zipped({**parts, "model.weights.h5": pickle.dumps(Executed(canary))})
    yield "pickle", whole.zipped({**parts, "config.json": pickle.dumps(Executed(canary))})
    yield "pickle", whole.zipped({**parts, "archive/data.pkl": pickle.dumps(Executed(canary))})
    for name in parts:
        yield "members missing", whole.zipped({n: c for n, c in parts.items() if n != name})
        yield "members twice", whole.zipped([*parts.items(), (name, parts[name])])
        yield "members twice", whole.zipped([(name, b"{}"), *parts.items()])
        yield "members empty", whole.zipped({**parts, name: b""})
        yield "members that are folders", whole.zipped([*parts.items(), (f"{name}/", b"")])
        for size in (100, 1500):
            yield "archive bomb", partial(_bomb, parts, name, size, zipfile.ZIP_DEFLATED)
        for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            yield "archive bomb", partial(_bomb, parts, name, 100, compression)
    for name in (
        *["../../../climbed.txt", f"{canary}/written", "/tmp/../" + str(canary)[1:] + "/written"],
        *["assets/../../climbed.txt", "..\\..\\climbed.txt", "C:\\climbed.txt", "a" * 65_000],
        *["\0", "config.json\0.txt", "assets/x", "./config.json", "CONFIG.JSON"],
    ):
        yield "names that climb or mislead", _named(parts, name)
    link = zipfile.ZipInfo("assets")
    link.external_attr = 0o120777 << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(link, str(canary))
        for name, content in {**parts, "assets/written": b"x"}.items():
            archive.writestr(name, content)
    yield "links in the archive", file.getvalue()
    yield "many members", whole.zipped({**parts, **{f"assets/{n}": b"" for n in range(60_000)}})
    for field in (16, 20, 24, 28, 30, 32, 42):
        for value in (0, 2**16 - 1, 2**31, 2**32 - 1):
            archive_bytes = bytearray(whole.zipped(parts))
            at = archive_bytes.rindex(b"PK\1\2") + field
            archive_bytes[at : at + 2] = (value % 2**16).to_bytes(2, "little")
            archive_bytes[at + 2 : at + 4] = (value >> 16).to_bytes(2, "little")
            yield "directory that lies", bytes(archive_bytes)
    yield "archive in another", whole.zipped({"model.keras": whole.zipped(parts)})
    yield "bytes around the archive", b"#!/bin/sh\n" + whole.zipped(parts)
    yield "bytes around the archive", whole.zipped(parts) + b"more"


def _bomb(parts: dict[str, bytes], name: str, size: int, compression: int) -> bytes:
    return whole.zipped({**parts, name: b" " * (size * _MIB)}, compression)


def _named(parts: dict[str, bytes], name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for one, content in parts.items():
            archive.writestr(one, content)
        info = zipfile.ZipInfo("x")
        info.filename = name
        archive.writestr(info, b"climbed")
    return file.getvalue()


def _settings(parts: dict[str, bytes], canary: Path) -> Iterator[Made]:
    config = json.loads(parts["config.json"])

    def with_text(text: str | bytes) -> bytes:
        content = text if isinstance(text, bytes) else text.encode()
        return whole.zipped({**parts, "config.json": content})

    for text in ("", "[]", "null", "7", '"VAE"', "{", "{}", "\xff\xfe", '{"class_name": "VAE"}'):
        yield "settings that are none", with_text(text)
    for depth in (900, 5_000, 200_000):
        yield "settings of absurd depth", with_text("[" * depth + "]" * depth)
        yield "settings of absurd depth", with_text('{"config":' * depth + "{}" + "}" * depth)
        nested = json.dumps({**config, "config": "HERE"})
        deep = nested.replace('"HERE"', '{"a":' * depth + "1" + "}" * depth)
        yield "settings of absurd depth", with_text(deep)
    yield "settings of absurd size", with_text('{"a": "' + "a" * (40 * _MIB) + '"}')
    yield "settings of absurd size", with_text('{"a": ' + "9" * (1 * _MIB) + "}")
    yield "settings of absurd size", with_text("[" + "{}," * (2 * _MIB) + "{}]")
    for kind, part in _foreign(canary):
        yield kind, with_text(json.dumps(part))
        for place in ("encoder", "decoder", "likelihood", "optimizer"):
            yield kind, with_text(json.dumps(_replaced(config, place, part)))
    for number in (10**12, 2**63, -1, 0, 1e308, float("nan"), "many", None, [], {}):
        for field in ("units", "target_shape", "batch_shape"):
            changed = _everywhere(config, field, lambda old, number=number: _number(old, number))
            yield "absurd numbers in the settings", with_text(json.dumps(changed))


def _number(old: Any, number: Any) -> Any:
    return [None, number, 8, 1] if isinstance(old, list) else number


def _replaced(config: dict[str, Any], place: str, part: Any) -> dict[str, Any]:
    """Return the settings with another object at a place of the model, or of what it compiles."""
    copy = json.loads(json.dumps(config))
    settings = copy.get("config", {})
    if place in settings:
        settings[place] = part
    else:
        copy.setdefault("compile_config", {})[place] = part
    return dict(copy)


def _everywhere(value: Any, field: str, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [_everywhere(one, field, change) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: change(one) if name == field else _everywhere(one, field, change)
        for name, one in value.items()
    }


def _foreign(canary: Path) -> Iterator[tuple[str, Any]]:
    """Yield objects that Keras, or an older one, would build by running what the file says."""

    def part(module: Any, name: str, config: Any, registered: Any = None) -> dict[str, Any]:
        return {
            "module": module,
            "class_name": name,
            "config": config,
            "registered_name": registered,
        }

    touch = f"__import__('os').system(\"touch '{canary}/executed'\")"
    code = compile(f"lambda x: ({touch}, x)[1]", "x", "eval").co_consts[0]
    encoded = base64.b64encode(marshal.dumps(code)).decode()
    function = {"class_name": "__lambda__", "config": {"code": encoded, "defaults": None}}
    old = [encoded, None, None]
    for one in (function, old):
        config = {"name": "l", "function": one, "output_shape": None, "arguments": {}}
        yield "Lambda", part("keras.layers", "Lambda", config)
        yield "Lambda", part(None, "Lambda", {**config, "function_type": "lambda"})
    yield "Lambda", function
    shell = {"command": f"touch '{canary}/executed'"}
    for module, name in (
        *[("os", "system"), ("builtins", "eval"), ("builtins", "exec"), ("subprocess", "Popen")],
        *[
            ("posix", "system"),
            ("pickle", "loads"),
            ("numpy", "load"),
            ("importlib", "import_module"),
        ],
        *[("keras.utils", "get_file"), ("keras.config", "enable_unsafe_deserialization")],
        *[("keras.src.saving", "load_model"), ("keras.models", "load_model")],
        *[
            ("vae_keras.io.files", "write_text"),
            ("vae_keras", "load"),
            ("tensorflow", "io.read_file"),
        ],
    ):
        yield "foreign classes", part(module, name, shell)
        yield "foreign functions", part("builtins", "function", f"{module}.{name}", "function")
        yield "foreign functions", part(module, "function", name, name)
    for module in ("", "../../x", "keras.layers;import os", 7, ["os"], {"a": 1}):
        yield "foreign classes", part(module, "Dense", {"units": 3})
    secret = f"{canary}/secret.txt"
    for name, config in (
        ("TFSMLayer", {"filepath": str(canary), "call_endpoint": "serve"}),
        (
            "TorchModuleWrapper",
            {"module": base64.b64encode(pickle.dumps(Executed(canary))).decode()},
        ),
        ("TextVectorization", {"vocabulary": secret}),
        ("StringLookup", {"vocabulary": secret}),
        ("IntegerLookup", {"vocabulary": secret}),
        ("Wrapper", {"layer": part("os", "system", shell)}),
        ("TimeDistributed", {"layer": part("keras.layers", "Lambda", {"function": function})}),
    ):
        yield "layers that read files or wrap others", part("keras.layers", name, config)
    for name in (
        "__numpy__",
        "__tensor__",
        "__typespec__",
        "__ellipsis__",
        "__tuple__",
        "__bytes__",
    ):
        yield (
            "values of special kinds",
            {"class_name": name, "config": {"value": [1], "dtype": "O"}},
        )
    yield "values of special kinds", {"class_name": "__typespec__", "spec_name": "os.system"}
