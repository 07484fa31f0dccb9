# A server in Rust with its sessions, without Rust in its image. From the source tree:
#
#     docker build --file packaging/docker/rust.Dockerfile --tag shop .
#     export SESSION_PASSWORD=$(openssl rand -base64 32)
#     docker run --rm --env SESSION_PASSWORD --publish 127.0.0.1:3000:3000 shop
#
# It is examples/rust, a login and a cart in axum, at http://localhost:3000/.
FROM debian:bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates cargo-web gcc libc6-dev
COPY . /libh3s
RUN cargo build --locked --release --manifest-path /libh3s/examples/rust/Cargo.toml

FROM debian:bookworm-slim
COPY --from=build /libh3s/examples/rust/target/release/shop /usr/local/bin/shop
USER nobody
EXPOSE 3000
CMD ["shop", "0.0.0.0:3000"]
