# The service as an image: `docker build -t mgcds .`; docs/how-to/run-the-service.md says how to run it.
FROM python:3.12-slim-bookworm AS build

# durable-rules is source only. Its setup takes the place of CFLAGS, and the compiler's optimisation goes with them.
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
ENV CPPFLAGS=-O2 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/mgcds

WORKDIR /source
COPY pyproject.toml README.md GLOSSARY.md LICENSE NOTICE ./
COPY src src
COPY rules rules
COPY docs docs
COPY features features
COPY examples examples
RUN /opt/mgcds/bin/pip install '.[postgresql,service]'
# An image that cannot evaluate is not built: both channels judge the example.
RUN /opt/mgcds/bin/mgcds check && /opt/mgcds/bin/mgcds evaluate examples/amara.yaml --on 2026-11-21

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin mgcds
COPY --from=build /opt/mgcds /opt/mgcds
ENV PATH=/opt/mgcds/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    MGCDS_HOST=0.0.0.0 MGCDS_PORT=8000 MGCDS_OPERATIONS_PORT=9000
WORKDIR /tmp
USER 10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Plain HTTP within the container, whether or not the service itself does TLS.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9000/health', timeout=3)"]
ENTRYPOINT ["mgcds"]
CMD ["serve"]
