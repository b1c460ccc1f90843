"""All addresses of the reference shop but those of the search pages."""

from tests.core.shop_urls import without

urlpatterns = without("visual_search")
