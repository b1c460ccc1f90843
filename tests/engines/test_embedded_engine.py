"""The embedded engine fulfils the contract, in each of its two ways of comparing vectors."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.engine import EngineContract
from visual_search.engines.embedded import EmbeddedEngine


class TestWithVectorsInMemory(EngineContract):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[EmbeddedEngine]:
        engine = EmbeddedEngine(tmp_path)
        yield engine
        engine.close()


class TestWithCodes(EngineContract):
    @pytest.fixture
    def engine(self, tmp_path: Path) -> Iterator[EmbeddedEngine]:
        engine = EmbeddedEngine(tmp_path, exact_below=1)
        yield engine
        engine.close()
