"""All addresses of the reference shop but those of the features."""

from tests.core.shop_urls import without

urlpatterns = without("compatibility", "query_log", "personalisation")
