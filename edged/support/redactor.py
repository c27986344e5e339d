"""Redactor: takes secrets, names and pictures out of a text.

Twice over: what is known to be secret is looked for in every form in which it may stand, and whatever looks like a
secret goes too. Rather too much is removed than too little.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from edged.sources.camera.address import masked

REMOVED = "[removed]"
SHORT = 6
"""A shorter secret is only looked for as a word of its own: in "passable" there is no password "pass"."""
SHORTEST_PART = 3
"""Letters of a part of a name that is looked for alone."""
_PEM = re.compile(r"-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|\Z)", re.DOTALL)
_LONG = re.compile(r"(?<![\w+/])(?:[A-Za-z0-9+/_-]|%[0-9A-Fa-f]{2}){60,}={0,2}")
"""Perhaps a picture, an embedding or a key as text, perhaps a path."""
_BYTES = re.compile(r"\bb(['\"])(?=(?:(?!\1).)*\\+x[0-9a-f]{2})(?:\\.|(?!\1)[^\\]){32,}\1|(?:\\+x[0-9a-fA-F]{2}){8,}")
"""Bytes as Python shows them."""
_BEFORE, _AFTER = r"(?:(?<![^\W\d_])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))", r"(?![^\W\d_])"
"""No letter stands there, unless it belongs to an escape."""
_URL = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?i)((?<![a-z])[\w-]*(?:pass(?:word|wd|phrase)?|pwd|secret|token|api_?key|credentials?)[\"']?\s*[=:]\s*)"
    r"(?!null\b|none\b|\[removed)(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,;}\]\"']+)"
)
_AUTHORIZATION = re.compile(
    r"(?i)\b(authorization\s*[:=]\s*|\b(?:basic|bearer|digest)\s+)([A-Za-z0-9+/=._~-]{6,}[^\"'\n]*)"
)
_SUBJECT = re.compile(r"(subject\\*[\"']?\s*[=:]\s*)(?!null\b|none\b)")
_LABEL = re.compile(
    r"((?:label|name)\\*[\"']?\s*[=:]\s*)(\\*\"(?:[^\"\\]|\\[^\"])*\\*\"|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,;}\]]+)"
)
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F:]{1,4}|[0-9a-fA-F:]*::[0-9a-fA-F:]+)"
    r"(?![\w.])"
)
_LOOPBACK = {"127.0.0.1", "0.0.0.0", "::1"}  # noqa: S104  # looked for, not listened at


class Redactor:
    """Knows what to look for."""

    def __init__(self, secrets: Mapping[str, str], names: Iterable[str], *, addresses: bool = False) -> None:
        """``secrets``: values by the setting that they belong to; ``names`` of people; ``addresses``: IPs go too."""
        rules = [(value, f"[removed: {key}]") for key, value in secrets.items() if value]
        self._rules = [_rule(form, put, whole=len(form) < SHORT) for value, put in rules for form in _forms(value)]
        people = dict.fromkeys(form for name in names for part in _parts(name) for form in _text_forms(part))
        self._rules += [_rule(form, "[person]", whole=True) for form in sorted(people, key=len, reverse=True)]
        self._addresses = addresses

    def __call__(self, text: str) -> str:
        """The text without them."""
        for rule in self._rules:
            text = rule(text)
        text = _LONG.sub(_long, _PEM.sub("[PEM removed]", text))
        text = _BYTES.sub("[bytes removed]", text)
        text = _URL.sub(lambda found: masked(found[0]), text)
        text = _AUTHORIZATION.sub(rf"\1{REMOVED}", _ASSIGNED.sub(_emptied, text))
        text = "".join(_nobody(line) for line in text.splitlines(keepends=True))
        return _ADDRESS.sub(_address, text) if self._addresses else text

    def value(self, value: Any) -> Any:
        """JSON with every text in it redacted: within a document a text has other neighbours, and escapes."""
        if isinstance(value, dict):
            return {self(str(name)): self.value(child) for name, child in value.items()}
        if isinstance(value, list):
            return [self.value(child) for child in value]
        return self(value) if isinstance(value, str) else value


def _rule(form: str, put: str, *, whole: bool) -> Callable[[str], str]:
    pattern = re.escape(form)
    found = re.compile(f"{_BEFORE}{pattern}{_AFTER}" if whole else pattern, re.IGNORECASE)
    return lambda text: found.sub(lambda _: put, text)


def _forms(secret: str) -> list[str]:
    """In which a secret may stand: as it is, in a URL, in JSON, as hex and base64, the longest first."""
    forms = {*_text_forms(secret), secret.encode().hex()}
    for shift in range(3):  # wherever it begins in what was encoded; the letters at both ends depend on what is beside
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
        inner = encoded[(0, 2, 3)[shift] : -1]
        forms |= {inner, inner.translate(str.maketrans("+/", "-_"))} if len(inner) >= SHORT else set()
    return sorted(filter(None, forms), key=len, reverse=True)


def _text_forms(text: str) -> list[str]:
    """The text itself, in a URL, as JSON and as JSON within JSON, as Python shows text and bytes."""
    escaped, once = text.encode("unicode_escape").decode(), json.dumps(text)[1:-1]
    shown = repr(text)[1:-1], repr(text.encode())[2:-1]
    forms = (text, quote(text, safe=""), quote_plus(text), once, json.dumps(once)[1:-1], escaped, *shown)
    return list(dict.fromkeys(forms))


def _parts(name: str) -> Iterator[str]:
    """The name, as written together in a path or a topic too, and each of its words."""
    words = name.split()
    yield from dict.fromkeys((name, "-".join(words), "_".join(words), "".join(words)))
    yield from (word for word in words if len(word) >= SHORTEST_PART)


def _nobody(line: str) -> str:
    """Of an event that is about somebody, the label goes: those who were erased are in no list of names."""
    return _LABEL.sub(_emptied, line) if _SUBJECT.search(line) else line


def _emptied(found: re.Match[str]) -> str:
    """What is assigned goes, and its quotes stay: JSON stays JSON."""
    quotes = found[2][: len(found[2]) - len(found[2].lstrip("\\\"'"))]
    return f"{found[1]}{quotes}{REMOVED}{quotes}"


def _long(found: re.Match[str]) -> str:
    """Base64 mixes large and small letters, as paths hardly do; hex that is longer than a sha256 is no sum."""
    text = found[0]
    large, small = (len(re.findall(letters, text)) for letters in ("[A-Z]", "[a-z]"))
    is_hex = re.fullmatch(r"[0-9a-fA-F]{65,}", text)
    return "[long data removed]" if is_hex or (large >= 8 and (small >= 8 or large >= 30)) else text


def _address(found: re.Match[str]) -> str:
    return found[0] if found[0] in _LOOPBACK else "[address]"
