"""/sw.js: the service worker of the whole site, which imports the parts that it has."""

from flask import Flask, Response

from central.faces.templating import asset


def install(app: Flask) -> None:
    @app.get("/sw.js")
    def service_worker() -> Response:
        """Its text changes with its parts, so browsers take the new one."""
        return Response(f'importScripts("{asset("push.js")}");\n', mimetype="text/javascript")
