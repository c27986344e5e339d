"""Check of the models in use: whether their files are as their cards say. Nothing is run."""

from collections.abc import Iterator
from pathlib import Path

from edged.checkup.box import Box, from_error, hidden
from edged.errors import ModelError
from edged.inference.catalogue import Catalogue
from edged.inference.files.card import read_card
from edged.inference.files.signature import SignaturePolicy, check_signature, fingerprint, is_signed
from edged.inference.files.verify import verify
from edged.runtime.finding import Finding, Level
from edged.settings import Settings


def check(box: Box) -> Iterator[Finding]:
    """Those of all pipelines that are enabled."""
    catalogue = Catalogue(box.settings.models)
    for name in models_in_use(box.settings):
        try:
            found = verified(catalogue.folder(name), box.settings.models.signatures)
            yield Finding(Level.OK, name, found)
        except ModelError as error:
            yield from_error(name, error)
        except PermissionError:  # of the folder that `edged models pull` fetches into
            yield hidden(name, catalogue.path)


def models_in_use(settings: Settings) -> list[str]:
    """Their names, each once."""
    pipelines = [pipeline for pipeline in settings.pipelines.values() if pipeline.enabled]
    names = [name for pipeline in pipelines for name in _models(pipeline)]
    return list(dict.fromkeys(names))


def verified(folder: Path, policy: SignaturePolicy) -> str:
    """What was found right of the model in ``folder``; ModelError where something is not."""
    card = read_card(folder, policy)
    for role in card.files:
        verify(folder, card, role)
    signed = "not signed"
    if is_signed(folder):
        signed = f"signed by {fingerprint(check_signature(folder, (folder / 'card.yaml').read_bytes()))}"
    return f"ok ({', '.join(card.files)}), {signed}"


def _models(pipeline: object) -> list[str]:
    named = [getattr(pipeline, key, None) for key in ("model", "shadow")]
    return [*filter(None, named), *getattr(pipeline, "models_in_use", {})]
