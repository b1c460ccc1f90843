"""All addresses of the reference shop but the REST API's."""

from tests.core.shop_urls import without

urlpatterns = without("visual_search_api")
