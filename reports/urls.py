from django.urls import path

from reports import board_views, public, views

app_name = "reports"
urlpatterns = [
    path("reports/", views.all_reports, name="all"),
    path("reports/board/", board_views.create_board, name="create_board"),
    path("reports/board/<slug:public_id>/", board_views.board, name="board"),
    path("reports/board/<slug:public_id>/board.pdf", board_views.download_board, name="download_board"),
    path("reports/board/<slug:public_id>/retry/", board_views.retry_board, name="retry_board"),
    path("reports/board/<slug:public_id>/share/", board_views.share_board, name="share_board"),
    path("reports/board/links/<slug:public_id>/revoke/", board_views.revoke_board, name="revoke_board"),
    path("projects/<slug:slug>/reports/", views.project_reports, name="project"),
    path("projects/<slug:slug>/snapshots/<slug:public_id>/reports/", views.create, name="create"),
    path("projects/<slug:slug>/reports/<slug:public_id>/", views.detail, name="detail"),
    path("projects/<slug:slug>/reports/<slug:public_id>/report.pdf", views.download, name="download"),
    path("projects/<slug:slug>/reports/<slug:public_id>/retry/", views.retry, name="retry"),
    path("projects/<slug:slug>/snapshots/<slug:public_id>/share/", views.share, name="share"),
    path("projects/<slug:slug>/links/<slug:public_id>/revoke/", views.revoke, name="revoke"),
    path("s/<str:token>/", public.exchange, name="exchange"),
    path("shared/<slug:public_id>/", public.shared, name="shared"),
    path("shared/<slug:public_id>/report.pdf", public.shared_pdf, name="shared_pdf"),
]
