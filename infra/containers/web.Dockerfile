# The page, and what stands in front of both APIs and the sockets.

FROM node:24-slim AS page
WORKDIR /build
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY web ./
RUN npm run build \
    # Once and well, instead of at every request.
 && find dist -type f \( -name '*.js' -o -name '*.css' -o -name '*.svg' \) -size +1k -exec gzip -9 -n -k {} +

FROM nginx:1.28

COPY infra/containers/nginx/nginx.conf /etc/nginx/nginx.conf
COPY infra/containers/nginx/snippets /etc/nginx/taskify
COPY infra/containers/nginx/taskify.conf.template /etc/nginx/templates/taskify.conf.template
COPY --from=page /build/dist /srv/page
# The image's own start fills the template into this folder.
RUN rm -f /etc/nginx/conf.d/* && chown 10001:10001 /etc/nginx/conf.d

ENV TASKIFY_PUBLIC_URL=http://localhost:8080 \
    TASKIFY_PUBLIC_SOCKET_URL=ws://localhost:8080/ws \
    TASKIFY_RESOLVER=127.0.0.11 \
    TASKIFY_FRONT_PROXY=127.0.0.1/32 \
    TASKIFY_TASK_API=task-api:8000 \
    TASKIFY_NOTIFICATION_API=notification-api:8001 \
    TASKIFY_GATEWAY=gateway:8002
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/health"]

# Last, since every commit has another: all that stands above is kept from the build before.
ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="taskify-web" \
      org.opencontainers.image.description="Taskify's page, with nginx in front of both APIs and the sockets." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
