"""The OpenAPI document, and what happens to requests that are made from it at random."""

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import create_app

if TYPE_CHECKING:
    from tests.api.conftest import Service


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return create_app().openapi()


class TestTheDocument:
    def test_says_that_every_route_of_v1_needs_a_key(self, contract: dict[str, Any]) -> None:
        for path, operations in contract["paths"].items():
            for operation in operations.values():
                keyed = operation.get("security") == [{"HTTPBearer": []}]
                assert keyed == path.startswith("/v1/")

    def test_gives_every_error_the_one_shape(self, contract: dict[str, Any]) -> None:
        for path, operations in contract["paths"].items():
            for operation in operations.values():
                errors = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
                if path.startswith("/v1/"):
                    assert {"400", "401", "403", "422", "429", "503"} <= set(errors)
                shapes = {
                    str(one["content"]["application/json"]["schema"]) for one in errors.values()
                }
                expected = "HealthBody" if path.startswith("/health") else "ErrorBody"
                assert all(shape.endswith(f"/{expected}'}}") for shape in shapes)

    def test_describes_the_form_of_an_upload(self, contract: dict[str, Any]) -> None:
        body = contract["paths"]["/v1/documents"]["post"]["requestBody"]
        form = body["content"]["multipart/form-data"]["schema"]

        assert set(form["properties"]) == {"file", "library", "title", "tags", "password"}
        assert form["required"] == ["file"]

    def test_describes_the_form_of_a_new_version(self, contract: dict[str, Any]) -> None:
        body = contract["paths"]["/v1/documents/{document_id}/content"]["put"]["requestBody"]
        form = body["content"]["multipart/form-data"]["schema"]

        assert set(form["properties"]) == {"file", "password"}
        assert form["additionalProperties"] is False


OPERATIONS = [
    pytest.param(method, path, mode, id=f"{method} {path} {mode.value}")
    for path, operations in create_app().openapi()["paths"].items()
    for method in operations
    # What takes nothing can't be given anything wrong.
    for mode in (GenerationMode if path.startswith("/v1/") else [GenerationMode.POSITIVE])
]


@pytest.mark.parametrize(("method", "path", "mode"), OPERATIONS)
def test_no_request_meets_a_defect(
    address: tuple[str, int], service: "Service", method: str, path: str, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_url(f"http://{address[0]}:{address[1]}/openapi.json")

    @hypothesis.given(schema[path][method].as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=20,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    def answer(case: schemathesis.Case[Any]) -> None:
        response = case.call(headers=service.headers, timeout=20)

        assert response.status_code != 500
        assert "x-request-id" in response.headers
        if response.status_code >= 400 and not path.startswith("/health"):
            error = response.json()["error"]
            assert error.keys() == {"code", "message", "details"}
            assert error["message"]
        case.validate_response(
            response,
            checks=[content_type_conformance, response_schema_conformance, status_code_conformance],
        )

    answer()
