# docker build -t trackflare .
# docker run -p 5000:5000 -v trackflare:/data -e TRACKFLARE_ADMIN_PASSWORD=<12 characters or more> trackflare

FROM node:24.21.0-bookworm AS build
WORKDIR /clone
COPY package.json package-lock.json ./
RUN npm ci --loglevel=error
COPY . .
RUN npm pack --silent --pack-destination /

FROM node:24.21.0-bookworm-slim
COPY --from=build /trackflare-*.tgz /tmp/
RUN npm install --global --loglevel=error /tmp/trackflare-*.tgz && rm /tmp/trackflare-*.tgz \
  && mkdir /data && chown node /data
# The user node, by number, so that Kubernetes sees that it is not root.
USER 1000
VOLUME /data
EXPOSE 5000
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:5000/health').then((answer) => process.exit(answer.ok ? 0 : 1))"]
ENTRYPOINT ["trackflare"]
# Other machines can reach 0.0.0.0, so the command asks for an admin secret before it serves.
CMD ["server", "--host", "0.0.0.0", "--data-dir", "/data"]
