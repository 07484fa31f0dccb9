# A server in C with its sessions, without Rust. From the source tree:
#
#     docker build --file packaging/docker/c.Dockerfile --tag counter .
#     export SESSION_PASSWORD=$(openssl rand -base64 32)
#     docker run --rm --env SESSION_PASSWORD --publish 127.0.0.1:3000:3000 counter
#
# It is examples/counter.c, which counts visits at http://localhost:3000/.
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
EXPOSE 3000
CMD ["counter", "--address", "0.0.0.0", "--port", "3000"]
