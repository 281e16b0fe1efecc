"""The server: web, ingest and worker, three programs over one package that meet only in SQL."""
