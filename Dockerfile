# vlret with its small model; see docs/platforms.md.
FROM python:3.11-slim
COPY . /src
RUN pip install --no-cache-dir /src && rm -rf /src
RUN useradd --uid 1000 --create-home vlret && mkdir /data && chown vlret /data
USER vlret
WORKDIR /data
ENTRYPOINT ["vlret"]
