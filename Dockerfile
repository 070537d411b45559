# marketing-okr, for compose.yaml or any container engine; a home folder is mounted at /srv/okr
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml requirements.lock README.md LICENSE workspace.yaml ./
COPY connectors connectors
COPY dbt_like_sql dbt_like_sql
COPY demo demo
COPY okr_models okr_models
COPY pipelines pipelines
# each file is the one whose hash is pinned; what builds the wheel leaves nothing in the image
RUN pip install --no-cache-dir --prefix /installed --no-deps --require-hashes -r requirements.lock \
    && pip install --no-cache-dir --prefix /installed --no-deps .

FROM python:3.13-slim
COPY --from=build /installed /usr/local
RUN useradd --system --uid 10001 --create-home okr && mkdir -p /srv/okr && chown okr /srv/okr
USER 10001
ENV OKR_HOME=/srv/okr DAGSTER_HOME=/srv/okr/dagster DAGSTER_DISABLE_TELEMETRY=1
WORKDIR /srv/okr
VOLUME /srv/okr
EXPOSE 3000
HEALTHCHECK --interval=1m --timeout=20s --start-period=2m CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:3000/server_info', timeout=10)"]
ENTRYPOINT ["okr"]
CMD ["ui"]
