"""/v1/learners/{name}/versions: the registry and the bytes in it."""

from __future__ import annotations

from fastapi import APIRouter

from samouk.server.desk import Desk
from samouk.server.views import VersionsView, VersionView


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["versions"])
    desk.artifact_at("/v1/learners/{name}/versions/{version}/artifact")

    @router.get("/v1/learners/{name}/versions", summary="Versions, newest first")
    def list_versions(name: str) -> VersionsView:
        return VersionsView(
            [desk.view(version) for version in desk.services.registry.versions(desk.learner(name).name)]
        )

    @router.get("/v1/learners/{name}/versions/{version}", summary="One version with its lineage and card")
    def get_version(name: str, version: str) -> VersionView:
        return desk.view(desk.services.registry.version(desk.learner(name).name, version))

    return router
