// Files as people write them, and what is read in them.
import { describe, expect, it } from '@jest/globals';
import type { CopyInstruction, RunInstruction } from '../../../src/build/dockerfile/instruction.js';
import { parseDockerfile } from '../../../src/build/dockerfile/parse-dockerfile.js';
import { planStages } from '../../../src/build/plan/plan-stages.js';

const webApplication = String.raw`# syntax=docker/dockerfile:1

ARG NODE_VERSION=20-bookworm-slim

# --- what is needed to build
FROM --platform=$BUILDPLATFORM node:${'$'}{NODE_VERSION} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm ci --no-audit

FROM dependencies AS build
COPY . .
ENV NODE_ENV=production \
    # colours only confuse the log
    FORCE_COLOR=0

RUN npm run build \
 && npm prune --omit=dev

FROM dependencies AS lint
RUN npm run lint

FROM node:${'$'}{NODE_VERSION}
LABEL org.opencontainers.image.title="shop" \
      org.opencontainers.image.description="A shop, with \"quotes\""
ENV NODE_ENV production
WORKDIR /app
COPY --from=build --chown=node:node /app/dist ./dist
COPY --from=build --chown=node:node /app/node_modules ./node_modules
USER node
EXPOSE 3000 9229/tcp
HEALTHCHECK --interval=30s --timeout=3s --start-period=1m \
  CMD ["node", "-e", "fetch('http://localhost:3000/health').then((r) => process.exit(r.ok ? 0 : 1))"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
`;

const staticProgram = `FROM golang:1.22-alpine AS build
RUN apk add --no-cache git ca-certificates && update-ca-certificates
WORKDIR /src
COPY go.* .
RUN go mod download
COPY . .
ARG VERSION=dev TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -ldflags "-s -w -X main.version=\${VERSION}" -o /out/tool ./cmd/tool

from scratch as release
copy --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
copy --from=build /out/tool /tool
entrypoint ["/tool"]
`;

const oldService = `FROM debian:jessie
MAINTAINER Somebody <somebody@example.org>
ENV DEBIAN_FRONTEND noninteractive
ENV LANG C.UTF-8

RUN apt-get update && apt-get install -y \\
	curl \\
	# needed by the start script

	gettext-base \\
	&& rm -rf /var/lib/apt/lists/*

ADD https://example.org/tool-1.2.tar.gz /tmp/
ADD conf /etc/service
RUN echo "deb http://example.org/ stable main" > /etc/apt/sources.list.d/x.list; \\
    set -eux; for i in 1 2 3; do echo "$i" '#not a comment'; done
VOLUME ["/var/lib/service", "/var/log/service"]
ONBUILD COPY . /usr/src/app
ONBUILD RUN make -C /usr/src/app
EXPOSE 80 443
ENTRYPOINT exec /usr/bin/service -c "$CONF"
CMD []
`;

const windows =
  '# escape=`\n\nFROM mcr.example.org/windows/servercore\nSHELL ["powershell", "-Command"]\n' +
  'RUN New-Item -ItemType Directory C:\\Tools; `\n    Write-Host done\nCOPY tool.exe C:\\Tools\\\nENV PATH="C:\\Tools;${PATH}"\n';

const scripts = `FROM python:3.12
COPY <<-'requirements.txt' <<start.sh /srv/
	flask==3.0 # the web part
	requests
	requirements.txt
#!/bin/sh
exec flask run --port \${PORT:-8000}
start.sh
RUN <<EOF bash -eu
pip install -r /srv/requirements.txt
cat > /srv/app.py <<'PY'
print("""FROM here on""")
PY
EOF
RUN --network=none <<"EOF"
#!/usr/bin/env python3
print("\\n")
EOF
`;

function kinds(text: string): readonly (readonly string[])[] {
  return parseDockerfile(text).stages.map(({ steps }) => steps.map(({ kind }) => kind));
}

describe('a file of everyday', () => {
  it('may build a web application in stages', () => {
    expect(kinds(webApplication)).toEqual([
      ['workdir', 'copy', 'run'],
      ['copy', 'env', 'run'],
      ['run'],
      ['label', 'env', 'workdir', 'copy', 'copy', 'user', 'expose', 'healthcheck', 'cmd'],
    ]);
    const platform = { os: 'linux', architecture: 'arm64' };
    const buildPlatform = { os: 'linux', architecture: 'amd64' };
    const options = { target: '', buildArgs: new Map(), platform, buildPlatform, allStages: false };
    const { stages } = planStages(parseDockerfile(webApplication), options);
    expect(stages.map(({ stage, platform: own }) => [stage.index, own])).toEqual([
      [0, 'linux/amd64'],
      [1, ''],
      [3, ''],
    ]);
    expect(stages[0]?.base).toEqual({ kind: 'image', name: 'node:20-bookworm-slim' });
  });

  it('may put a program into nothing', () => {
    expect(kinds(staticProgram)).toEqual([
      ['run', 'workdir', 'copy', 'run', 'copy', 'arg', 'run'],
      ['copy', 'copy', 'entrypoint'],
    ]);
  });

  it('may be as old as the language', () => {
    const [stage] = parseDockerfile(oldService).stages;
    expect(stage?.steps.map(({ kind }) => kind)).toEqual([
      'maintainer',
      'env',
      'env',
      'run',
      'add',
      'add',
      'run',
      'volume',
      'onbuild',
      'onbuild',
      'expose',
      'entrypoint',
      'cmd',
    ]);
    expect(stage?.steps[3]).toMatchObject({
      command: {
        text: 'apt-get update && apt-get install -y \tcurl \tgettext-base \t&& rm -rf /var/lib/apt/lists/*',
      },
    });
  });

  it('may be for another system', () => {
    expect(parseDockerfile(windows).stages[0]?.steps).toMatchObject([
      { args: ['powershell', '-Command'] },
      { command: { text: 'New-Item -ItemType Directory C:\\Tools;     Write-Host done' } },
      { sources: ['tool.exe'], destination: 'C:\\Tools\\' },
      { pairs: [{ key: 'PATH', value: '"C:\\Tools;${PATH}"' }] },
    ]);
  });

  it('may carry other files', () => {
    const [copy, shell, script] = parseDockerfile(scripts).stages[0]?.steps ?? [];
    expect((copy as CopyInstruction).heredocs.map(({ content }) => content)).toEqual([
      'flask==3.0 # the web part\nrequests\n',
      '#!/bin/sh\nexec flask run --port ${PORT:-8000}\n',
    ]);
    expect((shell as RunInstruction).command).toMatchObject({ text: '<<EOF bash -eu' });
    expect((script as RunInstruction).command).toMatchObject({
      heredocs: [{ content: '#!/usr/bin/env python3\nprint("\\n")\n', expands: false }],
    });
  });
});
