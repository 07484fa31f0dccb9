# nginx with the module, without Rust. From the source tree:
#
#     docker build --file packaging/docker/nginx.Dockerfile --tag nginx-h3s .
#     docker run --rm nginx-h3s nginx -T
#
# prints its configuration, which loads the module. It is an image to start from: FROM nginx-h3s,
# and your own /etc/nginx/sites-enabled/default, which listens on a port from 1024 on.
FROM debian:bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates make
COPY . /libh3s
RUN make -C /libh3s deb

FROM debian:bookworm-slim
COPY --from=build /libh3s/target/deb/libnginx-mod-http-h3s_*.deb /packages/
RUN apt-get update && apt-get install --yes --no-install-recommends /packages/libnginx-mod-http-h3s_*.deb && \
    rm -rf /packages /var/lib/apt/lists/* && touch /run/nginx.pid && chown www-data /run/nginx.pid && \
    ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
USER www-data
CMD ["nginx", "-g", "daemon off;"]
