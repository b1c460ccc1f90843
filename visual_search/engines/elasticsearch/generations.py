"""Which index a collection lives in: its numbered indexes, the aliases that name them, and the swap between two of them."""

from __future__ import annotations

import logging
from typing import Any

from elasticsearch import ApiError, NotFoundError, TransportError

from visual_search.engines.elasticsearch import mapping, names
from visual_search.engines.elasticsearch.client import Server
from visual_search.engines.elasticsearch.errors import kind_of
from visual_search.errors import ConfigurationError
from visual_search.types import CollectionSchema

logger = logging.getLogger(__name__)


class Generations:
    """The indexes of each collection on one server. What the client raises goes through: callers make it readable."""

    def __init__(self, server: Server, *, replicas: int) -> None:
        self.server = server
        self.replicas = replicas

    def alias(self, collection: str) -> str:
        """The name under which a collection is read and written."""
        return names.alias_of(self.server.prefix, collection)

    def behind(self, alias: str) -> str | None:
        """The index that an alias names; None where there is no such alias."""
        try:
            return next(iter(self.server.client.indices.get_alias(name=alias)), None)
        except NotFoundError:
            return None

    def of(self, collection: str) -> list[str]:
        """All indexes of a collection, oldest first, whether they are searched, kept or half made."""
        alias = self.alias(collection)
        return names.generations(alias, self.server.client.indices.get(index=f"{alias}-v*", features="aliases"))

    def next_name(self, collection: str, schema: CollectionSchema) -> str:
        number = max((names.number_of(name) for name in self.of(collection)), default=0) + 1
        return names.generation_name(self.alias(collection), number, mapping.fingerprint_of(schema))

    def create_first(self, collection: str, schema: CollectionSchema) -> bool:
        """Make a collection's first index, empty and in use; False where another process made it at the same moment."""
        name = names.generation_name(self.alias(collection), 1, mapping.fingerprint_of(schema))
        abilities = self.server.abilities
        body = mapping.index_body(schema, bbq=abilities.bbq, replicas=self.replicas, packed=abilities.packed)
        try:
            self.server.client.indices.create(index=name, **body, aliases={self.alias(collection): {}})
        except ApiError as error:
            if kind_of(error) != "resource_already_exists_exception":
                raise
            return False
        return True

    def create_beside(self, collection: str, schema: CollectionSchema) -> str:
        """Make an index that only its building alias names, so that nobody searches it yet."""
        self._refuse_foreign_index(collection)
        name = self.next_name(collection, schema)
        abilities = self.server.abilities
        body = mapping.index_body(schema, bbq=abilities.bbq, replicas=0, packed=abilities.packed)
        body["settings"]["refresh_interval"] = "-1"
        self.server.client.indices.create(index=name, **body, aliases={names.building_alias(name): {}})
        return name

    def _refuse_foreign_index(self, collection: str) -> None:
        """An index of somebody else under the alias's name is noticed before hours of filling, not after."""
        alias = self.alias(collection)
        if self.server.client.indices.exists(index=alias) and self.behind(alias) is None:
            raise ConfigurationError(
                f"Elasticsearch has an index called '{alias}', which this package didn't make. Set another index_prefix."
            )

    def swap(self, collection: str, *, current: str, previous: str | None, building: str = "") -> None:
        """All aliases in one call, so that no query ever finds none or two."""
        alias = self.alias(collection)
        before = names.previous_alias(alias)
        everything = f"{alias}-v*"
        actions: list[dict[str, Any]] = [
            {"remove": {"index": everything, "alias": alias, "must_exist": False}},
            {"remove": {"index": everything, "alias": before, "must_exist": False}},
            {"add": {"index": current, "alias": alias}},
        ]
        if previous is not None:
            actions.append({"add": {"index": previous, "alias": before}})
        if building:
            actions.append({"remove": {"index": current, "alias": building}})
        self.server.client.indices.update_aliases(actions=actions)

    def drop_all(self, collection: str) -> None:
        for name in self.of(collection):
            self.server.client.indices.delete(index=name, ignore_unavailable=True)

    def drop_older(self, collection: str, current: str, previous: str | None) -> None:
        """Newer ones stay: another process may be filling them. A failure leaves rubbish, not a failed rebuild."""
        try:
            for other in self.of(collection):
                if names.number_of(other) < names.number_of(current) and other != previous:
                    self.server.client.indices.delete(index=other, ignore_unavailable=True)
        except (ApiError, TransportError) as error:
            logger.warning("Older indexes of '%s' couldn't be removed: %s", collection, type(error).__name__)
