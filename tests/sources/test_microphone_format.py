"""Microphone: with which rate and how many channels a device is opened, the first time and again."""

import pytest

from edged.errors import DeviceLostError
from edged.sources.microphone import MOST_REFUSALS, Microphone, MicrophoneConfig

DEVICE = {"index": 3, "name": "vmic", "max_input_channels": 32, "default_samplerate": 44100.0}


class SoundServer:
    """Offers what it has been told to: (rate, channels)."""

    class PortAudioError(Exception):
        """As sounddevice's."""

    def __init__(self, *offers: tuple[int, int]) -> None:
        self.offers = set(offers)

    def check_input_settings(self, device: int, channels: int, dtype: str, samplerate: int) -> None:
        assert (device, dtype) == (DEVICE["index"], "float32")
        if (samplerate, channels) not in self.offers:
            raise self.PortAudioError("Invalid number of channels")


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        ([(16000, 1), (16000, 32), (44100, 32)], (16000, 1)),
        ([(16000, 32), (44100, 1)], (16000, 32)),
        ([(44100, 1), (44100, 32)], (44100, 1)),
    ],
)
def test_what_fits_the_models_best_is_chosen(offers, chosen):
    """Their rate before fewer channels, and one channel before many."""
    assert Microphone(MicrophoneConfig())._format(SoundServer(*offers), DEVICE) == chosen


def test_what_the_device_does_not_offer_is_said():
    """With the last thing that the sound system said."""
    with pytest.raises(DeviceLostError, match=r"offers none of .*16000, 44100.* Hz .*: Invalid number of channels"):
        Microphone(MicrophoneConfig())._format(SoundServer(), DEVICE)


def test_a_device_that_was_open_is_asked_for_the_same_again():
    """A sound server that is starting may refuse it and offer another; after ten tries that counts."""
    microphone, starting = Microphone(MicrophoneConfig()), SoundServer((16000, 32))
    microphone._known = ("vmic", 16000, 1)
    for _ in range(MOST_REFUSALS):
        assert microphone._format(starting, DEVICE) == (16000, 1)
    assert microphone._format(starting, DEVICE) == (16000, 32)


def test_another_device_is_looked_at_anew():
    """It has been plugged in under that number since."""
    microphone = Microphone(MicrophoneConfig())
    microphone._known = ("other", 48000, 2)
    assert microphone._format(SoundServer((16000, 1)), DEVICE) == (16000, 1)
