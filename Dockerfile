# The gateway and its app for one machine: an installation for trying out, on a volume of its own. A deployment is `npm run deploy`.
# Not part of the checks, since they run where there is no Docker.
#
#   docker build -t roomtone .
#   docker run -p 8787:8787 -v roomtone:/data -e JWT_SECRET="$(openssl rand -base64 48)" roomtone
FROM node:24-slim
WORKDIR /roomtone
COPY . .
RUN npm ci --no-audit --no-fund && mkdir /data && chown -R node:node /roomtone /data
USER node
ENV HOST=0.0.0.0 PORT=8787 STATE_DIR=/data AUTH_MODE=required
VOLUME /data
EXPOSE 8787
CMD ["node", "scripts/start.mjs"]
