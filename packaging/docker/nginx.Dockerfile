# nginx with the module, without Rust. From the source tree:
#
#     docker build --file packaging/docker/nginx.Dockerfile --tag nginx-h3s .
#     docker run --rm nginx-h3s nginx -T
#
# prints its configuration, which loads the module. It is an image to start from: FROM nginx-h3s,
# and your own /etc/nginx/sites-enabled/default. As nginx is not root there, the site that it begins
# with listens on port 8080.
FROM debian:bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates make
COPY . /libh3s
RUN make -C /libh3s deb

FROM debian:bookworm-slim
COPY --from=build /libh3s/target/deb/libh3s0_*.deb /libh3s/target/deb/libnginx-mod-http-h3s_*.deb /packages/
RUN apt-get update && apt-get install --yes --no-install-recommends /packages/libh3s0_*.deb \
    /packages/libnginx-mod-http-h3s_*.deb && rm -rf /packages /var/lib/apt/lists/*
RUN sed -i 's/\b80 default_server/8080 default_server/' /etc/nginx/sites-available/default && \
    touch /run/nginx.pid && chown www-data /run/nginx.pid /var/lib/nginx && \
    ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
USER www-data
EXPOSE 8080
CMD ["nginx", "-g", "daemon off;"]
