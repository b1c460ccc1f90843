"""What `manage.py check` says about the customer service."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from visual_search.conf import conf
from visual_search.errors import ConfigurationError
from visual_search.features.customer_service.options import read


@register("visual_search")
def check_customer_service(**kwargs: Any) -> list[CheckMessage]:
    try:
        read(conf.CUSTOMER_SERVICE)
    except (ConfigurationError, TypeError, AttributeError) as problem:
        return [Error(str(problem), id="visual_search.E174")]
    return []


@register("visual_search", deploy=True)
def check_that_somebody_is_told(**kwargs: Any) -> list[CheckMessage]:
    try:
        options = read(conf.CUSTOMER_SERVICE)
    except (ConfigurationError, TypeError, AttributeError):
        return []  # The other check tells of it.
    if options.recipients or options.webhook_url:
        return []
    return [
        Warning(
            "Nobody is told of cases that shoppers hand over; they stand in the admin alone.",
            hint="Set VISUAL_SEARCH['CUSTOMER_SERVICE']['RECIPIENTS'] or ['WEBHOOK_URL'].",
            id="visual_search.W174",
        )
    ]
