# A server in C with its sessions, without Rust. From the source tree:
#
#     docker build --file packaging/docker/c.Dockerfile --tag counter .
#
# It counts visits, as examples/counter.c does, on the loopback interface alone: run it with
# `--network host`.
FROM debian:bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates make
COPY . /libh3s
RUN make -C /libh3s deb
RUN apt-get install --yes --no-install-recommends libmicrohttpd-dev /libh3s/target/deb/libh3s0_*.deb \
    /libh3s/target/deb/libh3s-dev_*.deb
RUN cc -O2 /libh3s/examples/counter.c -o /counter $(pkg-config --cflags --libs h3s libmicrohttpd)

FROM debian:bookworm-slim
COPY --from=build /libh3s/target/deb/libh3s0_*.deb /packages/
RUN apt-get update && apt-get install --yes --no-install-recommends libmicrohttpd12 /packages/libh3s0_*.deb && \
    rm -rf /packages /var/lib/apt/lists/*
COPY --from=build /counter /usr/local/bin/counter
USER nobody
CMD ["counter", "--port", "3000"]
