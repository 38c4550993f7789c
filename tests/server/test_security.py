"""Who may ask: names of the service, origins of pages, the access token; and the headers of every answer."""

from __future__ import annotations

import pytest

from tests.server.conftest import HOST, TOKEN, error_of
from vlret.errors import UsageError
from vlret.server.settings import Settings

SEARCH = {"query": "red", "k": 1}


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]:8000", "localhost."]
)
def test_the_names_of_this_machine_are_served(client, host):
    assert client.get("/api/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "192.168.1.2",
        "",
        "a@localhost:x",
        "[::1",
    ],
)
def test_a_foreign_name_is_refused(client, host):
    assert error_of(client.get("/api/health", headers={"Host": host})) == (403, "foreign_host")
    assert error_of(client.get("/", headers={"Host": host})) == (403, "foreign_host")


def test_a_name_can_be_allowed(start):
    client = start(hosts=("Videos.example",))
    headers = {"Host": "videos.example", "Origin": "https://videos.example"}
    assert client.post("/api/search", json=SEARCH, headers=headers).status_code == 200
    behind_proxy = {"Host": "127.0.0.1:8000", "Origin": "https://videos.example"}
    assert client.post("/api/search", json=SEARCH, headers=behind_proxy).status_code == 200
    assert client.get("/", headers={"Host": "other.example"}).status_code == 403


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost", "x"]
)
def test_a_foreign_origin_may_not_post(client, origin):
    answer = client.post("/api/search", json=SEARCH, headers={"Origin": origin, "Host": "127.0.0.1:8000"})
    assert error_of(answer) == (403, "foreign_origin")


def test_the_page_itself_may_post(client):
    headers = {"Origin": "http://127.0.0.1:8000", "Host": "127.0.0.1:8000"}
    assert client.post("/api/search", json=SEARCH, headers=headers).status_code == 200


def test_no_other_page_is_told_an_answer(client):
    for answer in (
        client.get("/"),
        client.get("/api/indexes"),
        client.get("/nowhere"),
        client.get("/static/app.js"),
    ):
        headers = answer.headers
        assert not [name for name in headers if name.startswith("access-control")]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
    preflight = client.options("/api/search", headers={"Origin": "http://evil.example"})
    assert preflight.status_code == 405


@pytest.mark.parametrize(
    "address",
    ["/api/health", "/api/indexes", "/metrics", "/api/openapi.json", "/api/indexes/painted/clips/0", "/x"],
)
def test_all_but_the_page_needs_the_token(start, address):
    client = start(token=TOKEN)
    assert error_of(client.get(address)) == (401, "wrong_token")
    for given in ("Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \xff", TOKEN):
        headers = {"Authorization": given.encode("latin-1")}
        assert error_of(client.get(address, headers=headers)) == (401, "wrong_token")
    allowed = client.get(address, headers={"Authorization": f"Bearer {TOKEN}"})
    assert allowed.status_code == (404 if address == "/x" else 200)


def test_the_page_needs_no_token_and_takes_it_once(start):
    client = start(token=TOKEN)
    assert client.get("/").status_code == 200
    assert client.get("/static/index.html").status_code == 200
    assert error_of(client.get("/", params={"token": "wrong"})) == (401, "wrong_token")
    assert client.get("/api/health").status_code == 401
    page = client.get("/", params={"token": TOKEN})
    assert "HttpOnly" in page.headers["set-cookie"]
    assert "SameSite=Strict" in page.headers["set-cookie"]
    assert client.get("/api/health").status_code == 200


def test_a_wrong_cookie_is_refused(start):
    client = start(token=TOKEN)
    for cookie in ("vlret_token=wrong", "other=1", "vlret_token", '"'):
        assert client.get("/api/health", headers={"Cookie": cookie}).status_code == 401


def test_cookies_of_other_services_of_this_machine_do_no_harm(start):
    client = start(token=TOKEN)
    for other in ("session=a b", 'x={"a": 1}', "x[y]=1", "odd"):
        cookie = f"{other}; vlret_token={TOKEN}; {other}"
        assert client.get("/api/health", headers={"Cookie": cookie}).status_code == 200


@pytest.mark.parametrize("token", ["a token; of several", "ein-geheimes-Schlüsselwort", "0123456789abcdef\n"])
def test_a_token_that_no_cookie_holds_is_refused(index, token):
    with pytest.raises(UsageError) as error:
        Settings(indexes=(index,), token=token)
    assert error.value.code == "bad_token"


def test_an_address_for_others_needs_a_token(index):
    for host in ("0.0.0.0", "::", "192.168.1.2", "videos.example"):
        with pytest.raises(UsageError) as error:
            Settings(indexes=(index,), host=host)
        assert error.value.code == "token_needed"
    for host in ("127.0.0.1", "::1", "localhost", "127.8.9.1"):
        assert Settings(indexes=(index,), host=host).token is None
    with pytest.raises(UsageError) as error:
        Settings(indexes=(index,), token="short")
    assert error.value.code == "short_token"


def test_others_ask_by_address_or_by_the_names_of_the_machine(start):
    client = start(host="0.0.0.0", token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for host in ("192.168.1.2:8000", "[fe80::1]", "localhost"):
        assert client.get("/api/health", headers={**headers, "Host": host}).status_code == 200
    assert client.get("/api/health", headers={**headers, "Host": "evil.example"}).status_code == 403


def test_the_api_is_described_without_a_page_that_loads_from_elsewhere(client):
    document = client.get("/api/openapi.json").json()
    assert "/api/search" in document["paths"]
    assert "SearchBody" in document["components"]["schemas"]
    for address in ("/docs", "/redoc"):
        assert client.get(address).status_code == 404
    assert HOST not in str(document)


def test_every_answer_in_json_is_described(client):
    paths = client.get("/api/openapi.json").json()["paths"]
    schemas = {
        path: answer["content"]["application/json"]["schema"]
        for path, methods in paths.items()
        for method in methods.values()
        if "application/json" in (answer := method["responses"]["200"]).get("content", {})
    }
    assert len(schemas) == 11
    assert all(schema.get("$ref", "").endswith("Reply") for schema in schemas.values()), schemas
