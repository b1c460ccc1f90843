"""The reference shop's addresses, and one by which a test saves products as a shop's own pages would."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from catalog.models import Product, ProductText
from config.urls import urlpatterns as shop


@csrf_exempt
@transaction.atomic
def save(request: HttpRequest, sku: str) -> HttpResponse:
    """PUT makes a product, POST changes it, DELETE removes it; 204 once that is committed."""
    if request.method == "PUT":
        product = Product.objects.create(sku=sku, state="published", stock=1, category="Chaos")
        ProductText.objects.create(product=product, language="en", title=f"Chaos lamp {sku}")
        return HttpResponse(status=204)
    product = Product.objects.select_for_update().get(sku=sku)
    if request.method == "DELETE":
        product.delete()
    else:
        product.stock += 1
        product.save()
    return HttpResponse(status=204)


urlpatterns = [path("test/products/<str:sku>", save), *shop]
