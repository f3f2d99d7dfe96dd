"""The commands: the fields of each are its flags, and `run` carries it out.

`--help` and errors in arguments have to be quick, so whatever needs a backend is imported in `run`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from vae_keras.backend.start import load_backend
from vae_keras.cli.study_commands import Compare, Sweep
from vae_keras.config.config import Config
from vae_keras.runs.directory import RunDirectory, check_before_training, new_run_path

_Model = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="MODEL")]
_Run = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN")]
_Images = Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="[IMAGE ...]")]
_Crop = Annotated[str | None, tyro.conf.arg(metavar="center|none|pad")]
_Color = Annotated[str | None, tyro.conf.arg(metavar="COLOR")]


@dataclass(frozen=True)
class Train:
    """Train a model on images, evaluate it and write everything to a run directory."""

    settings: tyro.conf.OmitArgPrefixes[Config]
    run_dir: str | None = None
    """Directory of the run; must be new or empty. By default a new one under runs/."""
    config: str | None = None
    """A config.json of an earlier run to start from, in place of a preset."""
    resume: Annotated[str | None, tyro.conf.arg(metavar="RUN")] = None
    """Run directory of an interrupted training to continue; takes no other flag."""

    def run(self) -> None:
        resume = self.resume is not None
        config = self.settings if resume else self.settings.with_absolute_data()
        run_directory = RunDirectory(self.resume or self.run_dir or new_run_path(config))
        backend = config.backend
        if resume and backend is None:
            backend = run_directory.begun_with_backend()
        # A mistake is reported before the backend, which takes seconds, is loaded.
        check_before_training(config, run_directory, resume=resume)
        load_backend(backend, distribute=config.distribute, deterministic=config.deterministic)
        from vae_keras.runs.train import train_checked

        train_checked(config, run_directory, resume=resume)


@dataclass(frozen=True)
class Presets:
    """List the presets: settings to train with, one line each."""

    def run(self) -> None:
        from vae_keras.runs.console import print_presets

        print_presets()


@dataclass(frozen=True)
class Evaluate:
    """Evaluate a saved model on the test set of its run, or of another data set."""

    model: _Model
    """A run directory or a .keras file."""
    dataset: str | None = None
    """Data set; by default that of the run."""
    data: str | None = None
    """Path of the data; by default that of the run."""
    crop: _Crop = None
    """How other data are fitted to the model's size; by default as the training images were."""
    background: _Color = None
    """Colour behind transparent images of other data, and behind padded ones."""
    log_likelihood: Annotated[int | None, tyro.conf.arg(metavar="SAMPLES")] = None
    """Estimate the log-likelihood too, from SAMPLES codes for each image; papers take 5000."""
    samples: int | None = None
    """Images to generate, three times over, for the metrics of samples; by default 1,000, fewer if
    they are large; 0 for none."""
    fid: bool = False
    """Compute the FID of the samples too, with the packages of `pip install 'vae-keras[fid]'`."""
    output: str | None = None
    """A JSON file for the metrics, besides the table that is printed."""
    backend: str | None = None
    """Keras backend: tensorflow, jax, torch."""

    def run(self) -> None:
        load_backend(self.backend)
        from vae_keras.runs.evaluate import evaluate_model

        evaluate_model(
            self.model,
            dataset=self.dataset,
            data=self.data,
            crop=self.crop,
            background=self.background,
            log_likelihood=self.log_likelihood,
            samples=self.samples,
            fid=self.fid,
            output=None if self.output is None else Path(self.output),
        )


@dataclass(frozen=True)
class Diagnose:
    """Say in plain words what is wrong with a finished run, and what to try."""

    run_dir: _Run
    """A run directory."""

    def run(self) -> None:
        from vae_keras.runs.report import diagnose_run

        diagnose_run(self.run_dir)


@dataclass(frozen=True)
class ReportRun:
    """Make the report of a finished run again: one HTML page, with a latent explorer."""

    run_dir: _Run
    """A run directory."""
    backend: str | None = None
    """Keras backend: tensorflow, jax, torch."""

    def run(self) -> None:
        load_backend(self.backend)
        from vae_keras.runs.report import report_run

        report_run(self.run_dir)


@dataclass(frozen=True)
class Reconstruct:
    """Encode and decode images; write each reconstruction and an overview as PNG."""

    model: _Model
    """A run directory or a .keras file."""
    images: _Images
    """Image files, folders of images, .npy and .npz files."""
    label: str | None = None
    """Class of the images, by name or number, for a conditional model."""
    crop: _Crop = None
    """How images of another size than the model's are fitted; see `vae-keras train --help`. By
    default as the training images were; those of a model trained on one size are refused."""
    background: _Color = None
    """Colour behind transparent images and behind padded ones; by default as in training."""
    output: str = "reconstructions"
    """Directory for the images; must be new or empty."""
    backend: str | None = None
    """Keras backend: tensorflow, jax, torch."""

    def run(self) -> None:
        load_backend(self.backend)
        from vae_keras.runs.inference import reconstruct_files

        reconstruct_files(
            self.model,
            self.images,
            Path(self.output),
            label=self.label,
            crop=self.crop,
            background=self.background,
        )


@dataclass(frozen=True)
class Encode:
    """Encode images; write the code of each (of a VAE, its mean and standard deviation)."""

    model: _Model
    """A run directory or a .keras file."""
    images: _Images
    """Image files, folders of images, .npy and .npz files."""
    label: str | None = None
    """Class of the images, by name or number, for a conditional model."""
    crop: _Crop = None
    """How images of another size than the model's are fitted; see `vae-keras train --help`. By
    default as the training images were; those of a model trained on one size are refused."""
    background: _Color = None
    """Colour behind transparent images and behind padded ones; by default as in training."""
    output: str = "codes.csv"
    """A .csv with a row for each image, or an .npz with the arrays."""
    backend: str | None = None
    """Keras backend: tensorflow, jax, torch."""

    def run(self) -> None:
        load_backend(self.backend)
        from vae_keras.runs.inference import encode_files

        encode_files(
            self.model,
            self.images,
            Path(self.output),
            label=self.label,
            crop=self.crop,
            background=self.background,
        )


@dataclass(frozen=True)
class Sample:
    """Draw codes, decode them, and write the images."""

    model: _Model
    """A run directory or a .keras file."""
    n: int | None = None
    """Number of codes: by default 64, or 8 where each is decoded in every class."""
    codes: Literal["prior", "mixture", "posterior", "grid"] = "prior"
    """Source of the codes: the prior, or those of the run's training images: a mixture of
    Gaussians fitted to them, their posteriors, or a grid over these."""
    label: str | None = None
    """Class of the images, by name or number, for a conditional model; by default every class."""
    seed: int | None = None
    """Seed of the draw; another one each time by default."""
    output: str = "samples.png"
    """A .png for one figure of all images, or an .npy for the array."""
    backend: str | None = None
    """Keras backend: tensorflow, jax, torch."""

    def run(self) -> None:
        load_backend(self.backend)
        from vae_keras.runs.inference import sample_to_file

        sample_to_file(
            self.model,
            Path(self.output),
            n=self.n,
            codes=self.codes,
            label=self.label,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Export:
    """Write encoder and decoder for another runtime, and check them there against Keras."""

    model: _Model
    """A run directory or a .keras file."""
    format: Literal["onnx", "saved_model", "litert"] = "onnx"
    """File format of the other runtime."""
    input_type: Literal["uint8", "float32"] = "uint8"
    """Pixels that the encoder takes: uint8 in 0 to 255, or float32 in [0, 1]."""
    tolerance: float = 1e-5
    """Largest difference from Keras allowed; a deep network may round more."""
    output: str = "exported"
    """Directory for the files; must be new or empty."""
    backend: str = "tensorflow"
    """Keras backend that writes them: tensorflow, or jax for a SavedModel."""

    def run(self) -> None:
        load_backend(self.backend)
        from vae_keras.runs.export import export_to_folder

        export_to_folder(
            self.model,
            Path(self.output),
            format=self.format,
            input_type=self.input_type,
            tolerance=self.tolerance,
        )


COMMANDS: dict[str, Any] = {
    "train": Train,
    "presets": Presets,
    "evaluate": Evaluate,
    "diagnose": Diagnose,
    "report": ReportRun,
    "reconstruct": Reconstruct,
    "encode": Encode,
    "sample": Sample,
    "export": Export,
    "sweep": Sweep,
    "compare": Compare,
}
