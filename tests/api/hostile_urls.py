"""The addresses of that shop: search, and an API of its own."""

from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from config.urls import urlpatterns as shop


class Own(APIView):
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = DefaultContentNegotiation
    throttle_classes = []
    versioning_class = None

    def get(self, request):
        """A view of the shop that always refuses."""
        raise ParseError


class Document(SpectacularJSONAPIView):
    permission_classes = [AllowAny]
    content_negotiation_class = DefaultContentNegotiation
    throttle_classes = []
    versioning_class = None


urlpatterns = [path("own/", Own.as_view()), path("own/openapi.json", Document.as_view()), *shop]
