"""The address for programs, to be included at the root: `path("", include("...customer_service.programs"))`."""

from django.urls import path

from visual_search.features.customer_service import api

app_name = "customer_service_programs"
urlpatterns = [path("api/v1/help", api.HelpView.as_view(), name="help")]
