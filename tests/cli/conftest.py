import pytest
import soundfile

from edged.synthesis import FlyOver, fly_over


@pytest.fixture(scope="session")
def recording(tmp_path_factory):
    """A fly-over between 5 and 15 s of 20."""
    path = tmp_path_factory.mktemp("recordings") / "fly over.wav"
    config = FlyOver()
    soundfile.write(path, fly_over(config), config.rate_hz)
    return path
