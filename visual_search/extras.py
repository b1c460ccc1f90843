"""The parts of the package that a shop installs only where it uses them: what each needs, and how to get it."""

from __future__ import annotations

from importlib.util import find_spec

# By extra of pyproject.toml, what must be importable.
MODULES = {
    "reading": ("rapidocr", "zxingcpp", "cv2"),
    "elasticsearch": ("elasticsearch",),
    "japanese": ("sudachipy", "sudachidict_small"),
    "languages": ("eldc",),
    "heic": ("pi_heif",),
    "neural": ("torch", "sentence_transformers"),
}


def installed(extra: str) -> bool:
    """Whether all that this part needs is there. Nothing is imported."""
    return all(find_spec(module) is not None for module in MODULES[extra])


def lacking(extra: str) -> str:
    """What to install where this part is asked for and isn't there; empty where it is."""
    missing = [module for module in MODULES[extra] if find_spec(module) is None]
    if not missing:
        return ""
    return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed: {command(extra)}"


def command(extra: str) -> str:
    """What installs this part."""
    return f"pip install 'django-visual-search[{extra}]'"


def of(module: str | None) -> str | None:
    """The extra that brings this module; None where none does."""
    top = (module or "").partition(".")[0]
    return next((extra for extra, modules in MODULES.items() if top in modules), None)
