"""Addresses of the desk, below those of the shop."""

from django.urls import path

from catalog.receiving import order_pages, pages

urlpatterns = [
    path("", pages.desk, name="receiving"),
    path("<int:number>/", pages.delivery, name="delivery"),
    path("<int:number>/close/", pages.close, name="close_delivery"),
    path("line/<int:number>/", pages.decide, name="decide_line"),
    path("line/<int:number>/photo/", pages.photo, name="line_photo"),
    path("orders/", order_pages.what_to_order, name="purchasing"),
    path("orders/<int:number>/", order_pages.order, name="purchase"),
    path("orders/<int:number>/csv/", order_pages.as_csv, name="purchase_csv"),
]
