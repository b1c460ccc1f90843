"""What that shop's REST_FRAMEWORK names."""

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.response import Response


class NothingIsGoodEnough(DefaultContentNegotiation):
    def select_renderer(self, request, renderers, format_suffix=None):
        raise NotAcceptable


def in_the_shop_s_words(error, context):
    return Response({"ours": type(error).__name__}, status=getattr(error, "status_code", 500))


def shouted(result, **more):
    """A hook of the document: all names of paths in capitals."""
    return {**result, "paths": {path.upper(): said for path, said in result["paths"].items()}}
