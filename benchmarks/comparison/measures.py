"""What is measured of each contender, and in which order: alternating, round after round."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from comparison.contenders import OURS
from comparison.processes import Child, Failed, Setting

MEASURES = ("training", "inference", "memory", "first_step", "agreement", "time_to_loss")
_OF_WARM_PROCESSES = ("training", "inference", "memory")


@dataclass(frozen=True)
class Amounts:
    """How much is done.

    Args:
        images: Training images in one epoch.
        epochs: Epochs in one timing, the boundaries between them included.
        inference_images: Images in one timing of reconstruction.
        rounds: Timings of each contender.
        starts: Fresh processes of each contender for the first step.
        agreement_images: Images of the training after which the losses must agree.
        agreement_epochs: Its epochs.
        target: Validation loss, nats, that `time_to_loss` trains to.
        cap: Seconds of training after which it gives up.
    """

    images: int
    epochs: int
    inference_images: int
    rounds: int
    starts: int
    agreement_images: int
    agreement_epochs: int
    target: float
    cap: float


class Comparison:
    """All measurements of one architecture.

    Args:
        names: Contenders, this package first.
        setting: What to train.
        amounts: How much.
    """

    def __init__(self, names: list[str], setting: Setting, amounts: Amounts) -> None:
        self.names, self.setting, self.amounts = list(names), setting, amounts
        self.skipped: dict[str, str] = {}
        self.descriptions: dict[str, dict[str, Any]] = {}
        self.samples: dict[str, dict[str, list[Any]]] = {}
        self.load: dict[str, tuple[float, float]] = {}

    def run(self, measures: list[str]) -> None:
        """Measure; `samples[measure][contender]` are then the answers, one for each round."""
        if set(measures) & set(_OF_WARM_PROCESSES):
            self._warm(measures)
        if {"first_step", "agreement"} & set(measures):
            with self._loaded("first_step"):
                self._fresh(measures)
        if "time_to_loss" in measures:
            with self._loaded("time_to_loss"):
                self._time_to_loss()

    def _warm(self, measures: list[str]) -> None:
        """Build and compile all contenders, then time them in turn."""
        amounts = self.amounts
        with ExitStack() as stack:
            children = {}
            for name, child in self._started(stack):
                say(f"  {name}: ready on {child.description['device']}; compiles")
                children[name] = child
                if {"training", "memory"} & set(measures):
                    # Twice: what is compiled for a last partial batch, or after a first run, too.
                    for turn in range(2):
                        answer = self._told(
                            child, "train", images=amounts.images, epochs=1 if turn else 2
                        )
                        if answer and not turn:
                            self._keep("cold_epochs", name, answer)
            if {"training", "memory"} & set(measures):
                with self._loaded("training"):
                    self._rounds(
                        children, "training", "train", images=amounts.images, epochs=amounts.epochs
                    )
                for name in self._still(children):
                    answer = self._told(children[name], "memory")
                    if answer:
                        self._keep("memory", name, answer)
            if "inference" in measures:
                count = amounts.inference_images
                for name in self._still(children):
                    self._told(children[name], "reconstruct", images=count)
                with self._loaded("inference"):
                    self._rounds(children, "inference", "reconstruct", images=count)

    def _rounds(self, children: dict[str, Child], measure: str, do: str, **arguments: Any) -> None:
        for number in range(self.amounts.rounds):
            order = self._still(children)
            shift = number // 2 % len(order) if order else 0
            order = order[shift:] + order[:shift]
            line = []
            for name in order if number % 2 == 0 else order[::-1]:
                answer = self._told(children[name], do, **arguments)
                if answer:
                    self._keep(measure, name, {**answer, "round": number})
                    line.append(f"{name} {answer['wall']:.2f}")
            say(f"  {measure}, round {number + 1} of {self.amounts.rounds}, s: {', '.join(line)}")

    def _fresh(self, measures: list[str]) -> None:
        """Take the first step in fresh processes; the first of them measure the agreement too."""
        amounts, batch = self.amounts, self.setting.task["batch_size"]
        for number in range(amounts.starts if "first_step" in measures else 1):
            for name in self._turn(number):
                with ExitStack() as stack:
                    child = self._start(name, stack)
                    if child and "first_step" in measures:
                        answer = self._told(child, "train", images=batch, epochs=1)
                        if answer:
                            seconds = answer["now"] - child.started
                            kept = {"start": seconds, "fit": answer["wall"], "round": number}
                            self._keep("first_step", name, kept)
                            say(f"  first step: {name} {seconds:.1f} s, fit {answer['wall']:.1f}")
                    if child and "agreement" in measures and number == 0:
                        images, epochs = amounts.agreement_images, amounts.agreement_epochs
                        trained = self._told(child, "train", images=images, epochs=epochs)
                        answer = trained and self._told(child, "loss")
                        if answer:
                            self._keep("agreement", name, answer)
                            say(f"  agreement: {name} {answer['loss']:.2f}")

    def _time_to_loss(self) -> None:
        for name in self._turn(0):
            with ExitStack() as stack:
                child = self._start(name, stack)
                curve = child and self._curve(child)
                if curve:
                    self._keep("time_to_loss", name, {"curve": curve})
                    seconds, loss = curve[-1]
                    say(f"  to the loss: {name} {seconds:.1f} s, {len(curve)} epochs, {loss:.2f}")

    def _curve(self, child: Child) -> list[tuple[float, float]] | None:
        """Seconds of training and validation loss after each epoch, until the target or cap."""
        seconds, curve = 0.0, []
        while not curve or (curve[-1][1] > self.amounts.target and seconds < self.amounts.cap):
            trained = self._told(child, "train", images=10_000, epochs=1)
            answer = trained and self._told(child, "loss")
            if not answer:
                return None
            seconds += trained["wall"]
            curve.append((seconds, answer["loss"]))
        return curve

    def _started(self, stack: ExitStack) -> Iterator[tuple[str, Child]]:
        for name in self.names:
            child = self._start(name, stack)
            if child:
                yield name, child

    def _start(self, name: str, stack: ExitStack) -> Child | None:
        """Start a contender's process, unless it was skipped before."""
        if name in self.skipped:
            return None
        child = self._guarded(name, lambda: Child(name, self.setting))
        if child:
            stack.enter_context(child)
            self.descriptions.setdefault(name, child.description)
            ours, theirs = (self.descriptions[one]["parameters"] for one in (OURS, name))
            if ours != theirs:
                raise SystemExit(f"{name} has {theirs:,} parameters, and {OURS} {ours:,}")
        return child

    def _told(self, child: Child, do: str, **arguments: Any) -> Any:
        if child.name in self.skipped:
            return None
        return self._guarded(child.name, lambda: child.tell(do, **arguments))

    def _guarded(self, name: str, work: Callable[[], Any]) -> Any:
        """Do something; a peer that cannot is skipped from there on, with the reason."""
        try:
            return work()
        except Failed as failure:
            if name == OURS:
                raise SystemExit(f"{name} failed: {failure}") from None
            self.skipped[name] = str(failure)
            for samples in self.samples.values():
                samples.pop(name, None)
            self.descriptions.pop(name, None)
            say(f"  {name} is skipped: {failure}")
            return None

    def _still(self, children: dict[str, Child]) -> list[str]:
        return [name for name in children if name not in self.skipped]

    def _turn(self, number: int) -> list[str]:
        names = [name for name in self.names if name not in self.skipped]
        return names if number % 2 == 0 else names[::-1]

    def _keep(self, measure: str, name: str, answer: dict[str, Any]) -> None:
        self.samples.setdefault(measure, {}).setdefault(name, []).append(answer)

    @contextmanager
    def _loaded(self, measure: str) -> Iterator[None]:
        before = os.getloadavg()[0]
        yield
        self.load[measure] = (round(before, 2), round(os.getloadavg()[0], 2))


def say(line: str) -> None:
    """Report progress."""
    print(line, file=sys.stderr, flush=True)
