"""Words: figures as people read them; a figure and its unit stay on one line."""

from edged.report_page.period import DAY_S, HOUR_S

NBSP = "\N{NO-BREAK SPACE}"


def percent(share: float) -> str:
    """Of a share in [0, 1]; 100 % and 0 % only where it is all or nothing."""
    if share in {0.0, 1.0}:
        return f"{share:.0%}".replace("%", f"{NBSP}%")
    return f"{min(max(share * 100, 0.1), 99.9):.1f}{NBSP}%"


def milliseconds(value: float) -> str:
    """With three digits, in seconds where there are many."""
    if value >= 10_000:
        return f"{value / 1000:,.1f}{NBSP}s"
    return f"{value / 1000:.2f}{NBSP}s" if value >= 1000 else f"{value:.3g}{NBSP}ms"


def counted(number: int, one: str) -> str:
    """``1 event``, ``2 events``."""
    return f"{number:,} {one}" + ("" if number == 1 else "s")


def span(length_s: float) -> str:
    """``8 s``, ``12 min 5 s``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = max(round(length_s), 0)
    for unit_s, unit, rest_s, rest in ((DAY_S, "d", HOUR_S, "h"), (HOUR_S, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit_s:
            more = whole % unit_s // rest_s
            return f"{whole // unit_s}{NBSP}{unit}" + (f" {more}{NBSP}{rest}" if more else "")
    return f"{whole}{NBSP}s"
