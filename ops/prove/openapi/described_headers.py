"""A check of schemathesis's: an answer has no header that its description does not have."""

import schemathesis

# What HTTP itself is about.
FRAMING = {"connection", "content-length", "content-type", "date", "keep-alive", "transfer-encoding"}


def resolved(document, node):
    if "$ref" not in node:
        return node
    target = document
    for name in node["$ref"][2:].split("/"):
        target = target[name]
    return resolved(document, target)


@schemathesis.check
def described_headers(ctx, response, case):
    document = case.operation.schema.raw_schema
    operation = document["paths"][case.operation.path].get(case.method.lower())
    responses = (operation or document["x-otherwise"])["responses"]
    described = responses.get(str(response.status_code)) or document["x-otherwise"]["responses"].get(
        str(response.status_code)
    )
    # That the status is not described at all is told by another check.
    if described is None:
        return
    known = {*document["x-answer-headers"], *resolved(document, described).get("headers", {})}
    known = {name.lower() for name in known} | FRAMING
    unknown = sorted(name for name in response.headers if name.lower() not in known)
    assert not unknown, f"headers that are not described: {', '.join(unknown)}"
