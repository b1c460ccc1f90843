"""The shopper's pages, to be included where the shop's pages are: `path("help/", include("...customer_service.urls"))`."""

from django.urls import path

from visual_search.features.customer_service import views

app_name = "customer_service"
urlpatterns = [
    path("", views.start, name="start"),
    path("answer/", views.answer, name="answer"),
    path("helped/", views.helped, name="helped"),
    path("hand-over/", views.hand_over, name="hand_over"),
    path("case/<uuid:token>/", views.case, name="case"),
    path("case/<uuid:token>/photo/", views.withdraw_photo, name="withdraw_photo"),
]
