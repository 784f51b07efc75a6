# syntax=docker/dockerfile:1
# Two stages: the wheel is built with the tools it needs and installed without them.

FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
COPY profiles ./profiles
COPY migrations ./migrations
COPY examples ./examples
COPY faults ./faults
RUN python -m venv /opt/claimgw \
 && /opt/claimgw/bin/pip install --no-cache-dir --constraint constraints.txt ".[server]"

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/claimgw claimgw
COPY --from=build /opt/claimgw /opt/claimgw
ENV PATH=/opt/claimgw/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CLAIMGW_HOST=0.0.0.0 \
    CLAIMGW_PORT=8080 \
    CLAIMGW_DATABASE=sqlite:////var/lib/claimgw/claimgw.db \
    CLAIMGW_LOG_STYLE=json
USER 10001
WORKDIR /var/lib/claimgw
VOLUME /var/lib/claimgw
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health/ready', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["claimgw"]
CMD ["serve"]
