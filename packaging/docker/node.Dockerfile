# Node with the package h3s, without Rust. From the source tree:
#
#     docker build --file packaging/docker/node.Dockerfile --tag node-h3s .
#     docker run --rm node-h3s
#
# prints what the package exports. It is an image to start from: FROM node-h3s, and your own
# application in /app.
FROM node:24-bookworm AS build
COPY . /libh3s
RUN make -C /libh3s node && node /libh3s/bindings/node/pack.js /packages

FROM node:24-bookworm-slim
COPY --from=build /packages/h3s-*.tgz /packages/
WORKDIR /app
RUN npm install --no-audit --no-fund /packages/h3s-*.tgz
USER node
CMD ["node", "--eval", "import('h3s').then(console.log)"]
