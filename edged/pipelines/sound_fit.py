"""Whether a pipeline of sounds and its model's card fit: the features, the length of windows, and the labels."""

import difflib
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edged.errors import ConfigError
from edged.inference.files.card import Card
from edged.messages.sound import Samples
from edged.pipelines.sound_groups import GroupConfig
from edged.stages.compute_log_mel import LogMelConfig, log_mel
from edged.stages.compute_spectrogram import SpectrogramConfig, spectrogram
from edged.stages.cut_windows import WindowsConfig
from edged.stages.drop_voice import PrivacyConfig

Features = Callable[[Samples], NDArray[np.float32]]
"""What a model is given of a window's samples."""


def features_of(card: Card) -> Features:
    """What the model of that card is given: its card's ``features``, or the samples themselves where it has none."""
    parameters = card.parameters.get("features")
    if parameters is None:
        return lambda samples: samples
    if "kind" in parameters:
        magnitudes = SpectrogramConfig.model_validate(parameters)
        return lambda samples: spectrogram(samples, magnitudes)
    powers = LogMelConfig.model_validate(parameters)
    return lambda samples: log_mel(samples, powers)


def check_fit(name: str, windows: WindowsConfig, card: Card) -> Features:
    """The features that the model was trained on; ConfigError where windows are not as long as it takes them."""
    features = features_of(card)
    rate_hz = card.parameters.get("features", {}).get("rate_hz", card.parameters.get("rate_hz", windows.rate_hz))
    window_s = card.parameters.get("window_s", windows.window_s)
    for key, value, wanted in (("rate_hz", windows.rate_hz, rate_hz), ("window_s", windows.window_s, window_s)):
        if value != wanted:
            raise ConfigError(f"pipelines.{name}.windows.{key}: {value}, must be {wanted}: {card.name} was trained so")
    given = features(np.zeros(round(windows.window_s * windows.rate_hz), np.float32)).shape
    if np.prod(given) != np.prod(card.inputs[0].shape):
        raise ConfigError(
            f"pipelines.{name}.windows.window_s: {windows.window_s} gives {list(given)}, "
            f"must give what {card.name} takes, {card.inputs[0]}"
        )
    return features


def check_labels(name: str, privacy: PrivacyConfig, groups: Mapping[str, GroupConfig], card: Card) -> tuple[str, ...]:
    """The labels that count as voice, () where nobody asks; ConfigError for labels that the model does not have."""
    labels = privacy.voice_labels
    voice = tuple(card.parameters.get("voice", ()) if labels is None else labels)
    if not privacy.drop_voice:
        voice = ()
    elif not voice:
        key = f"pipelines.{name}.privacy.voice_labels"
        raise ConfigError(f"{key}: null, must name labels: the card of {card.name} does not say which are voice")
    _check_known(f"pipelines.{name}.privacy.voice_labels", voice, card)
    for group, it in groups.items():
        _check_known(f"pipelines.{name}.groups.{group}.labels", it.labels, card)
        if both := set(voice).intersection(it.labels):
            raise ConfigError(
                f"pipelines.{name}.groups.{group}.labels: {min(both)!r} is voice, which privacy.drop_voice drops; "
                "leave it out here, or name privacy.voice_labels without it"
            )
    return voice


def _check_known(key: str, labels: Sequence[str], card: Card) -> None:
    for label in labels:
        if label not in card.labels:
            near = difflib.get_close_matches(label, card.labels, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ": `edged models show` lists them"
            raise ConfigError(f"{key}: {label!r}, must be one of {card.name}'s labels{hint}")
