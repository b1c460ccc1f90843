"""Addresses of the shop's pages."""

from django.urls import include, path

from catalog import installing, views
from catalog.languages import choosing
from catalog.orders import views as orders

app_name = "catalog"

urlpatterns = [
    path("", views.home, name="home"),
    path("c/<path:slug>/", views.category, name="category"),
    path("p/<path:sku>/", views.product, name="product"),
    path("app.webmanifest", installing.manifest, name="manifest"),
    path("worker.js", installing.worker, name="worker"),
    path("offline/", installing.offline, name="offline"),
    path("samples/", views.samples, name="samples"),
    path("basket/", orders.basket, name="basket"),
    path("basket/put/", orders.put, name="put"),
    path("checkout/", orders.checkout, name="checkout"),
    path("order/<str:token>/", orders.order, name="order"),
    path("receiving/", include("catalog.receiving.urls")),
    path("credits/", views.credits, name="credits"),
    path("language/setlang/", choosing.choose, name="set_language"),
]
