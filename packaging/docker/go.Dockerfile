# A server in Go with its sessions, without Rust. From the source tree:
#
#     docker build --file packaging/docker/go.Dockerfile --tag login .
#     export SESSION_PASSWORD=$(openssl rand -base64 32)
#     docker run --rm --env SESSION_PASSWORD --publish 127.0.0.1:3000:3000 login
#
# It is examples/go, at http://localhost:3000/. The program has the library in it, and needs only the
# C library.
FROM debian:bookworm AS library
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates make
COPY . /libh3s
RUN make -C /libh3s

FROM golang:1.26-bookworm AS build
COPY --from=library /libh3s /libh3s
RUN go build -C /libh3s/examples/go -tags h3s_static -o /login .

FROM debian:bookworm-slim
COPY --from=build /login /usr/local/bin/login
USER nobody
EXPOSE 3000
CMD ["login", "0.0.0.0:3000"]
