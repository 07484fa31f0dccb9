# Python with the package h3s, without Rust. From the source tree:
#
#     docker build --file packaging/docker/python.Dockerfile --tag python-h3s .
#     docker run --rm python-h3s
#
# prints the version. It is an image to start from: FROM python-h3s, and your own application.
FROM debian:bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates make
COPY . /libh3s
RUN make -C /libh3s deb

FROM debian:bookworm-slim
COPY --from=build /libh3s/target/deb/libh3s0_*.deb /libh3s/target/deb/python3-h3s_*.deb /packages/
RUN apt-get update && apt-get install --yes --no-install-recommends /packages/libh3s0_*.deb \
    /packages/python3-h3s_*.deb && rm -rf /packages /var/lib/apt/lists/*
USER nobody
CMD ["python3", "-m", "h3s", "version"]
