# Copyright: registry-runbooks contributors
# SPDX-License-Identifier: Apache-2.0
"""The files of the compose project, as a person would have written them: compose file, nginx, configurations, TLS, htpasswd."""

from __future__ import annotations

import os
import secrets

from ..access import self_signed, write_htpasswd
from .spec import FRONT, HOSTED, SERVICES, UPSTREAM, USER, Service, Vm, write_new

BCRYPT_COST = 4
_HEAD = """\
# The registries of this machine: five pull-through caches and one of our own, nginx in front of all of them.
name: {name}

services:
"""
_SERVICE = """\
  {service.name}:
    image: {image}
    container_name: {container}
    restart: unless-stopped
    networks:
      - registry
    volumes:
      - ./data/{service.store}:/var/lib/registry
      - ./config-{service.store}.yml:/etc/docker/registry/config.yml:ro
{more}    healthcheck:
      test: {test}
      interval: 5s
      timeout: 3s
      retries: 5

"""
_HEALTHY = '["CMD", "wget", "-q", "--spider", "http://127.0.0.1:5000/v2/"]'
# 401 is healthy: the registry is there and asks who we are
_HEALTHY_WITH_AUTH = """["CMD-SHELL", "wget -S --spider http://127.0.0.1:5000/v2/ 2>&1 | grep -qE ' (200|401) '"]"""
_FRONT = """\
  {front}:
    image: {image}
    container_name: {container}
    restart: unless-stopped
    networks:
      - registry
    depends_on:
{services}
    ports:
{ports}
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf:ro
      - ./tls:/etc/nginx/tls:ro

networks:
  registry:
    driver: bridge
"""
_NGINX_HEAD = """\
# One port for each registry. nginx resolves the names of the upstreams once, when it starts: restart it last.
worker_processes 1;
error_log /dev/stderr warn;
pid /run/nginx.pid;

events {
    worker_connections 512;
}

http {
    access_log /dev/stdout;
    client_max_body_size 0;
    chunked_transfer_encoding on;
    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_connect_timeout 5s;
    proxy_read_timeout 900s;
    proxy_set_header Host $http_host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
"""
_NGINX_SERVICE = """
    upstream {service.name} {{
        server {service.name}:5000;
    }}
    server {{
        listen {service.port}{tls};
        location / {{
            proxy_pass http://{service.name};
        }}
    }}
"""
_NGINX_TLS = """ ssl;
        ssl_certificate /etc/nginx/tls/cert.pem;
        ssl_certificate_key /etc/nginx/tls/key.pem"""
_CONFIG = """\
version: 0.1
log:
  level: info
  fields:
    service: {service.name}
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
{delete}  maintenance:
    uploadpurging:
      enabled: true
      age: {age}
      interval: 24h
      dryrun: false
http:
  addr: :5000
{secret}  headers:
    X-Content-Type-Options: [nosniff]
{more}"""
_DELETE = "  delete:\n    enabled: true\n"
_AUTH = "auth:\n  htpasswd:\n    realm: registry\n    path: /auth/htpasswd\n"


def write(vm: Vm) -> None:
    """Write all of them; those that are there stay as they are."""
    for service in SERVICES:
        os.makedirs(vm.project("data", service.store), exist_ok=True)
        write_new(vm.project(f"config-{service.store}.yml"), _config(service), 0o644)
    write_new(vm.project("nginx.conf"), _nginx(), 0o644)
    if not os.path.exists(vm.project("tls")):
        _make_tls(vm)
    if not os.path.exists(vm.project("htpasswd")):
        write_htpasswd(vm.project("htpasswd"), USER, vm.password, BCRYPT_COST)
    write_new(compose_path(vm), _compose(vm), 0o644)


def compose_path(vm: Vm) -> str:
    """Path of the compose file: written last, so that it says whether all the others are there."""
    return vm.project("docker-compose.yml")


def ca_path(vm: Vm) -> str:
    """Certificates that sign the hosted registry's."""
    return vm.project("tls", "cert.pem")


def _make_tls(vm: Vm) -> None:
    unfinished = vm.project(f"tls.{secrets.token_hex(4)}")
    os.mkdir(unfinished, 0o700)
    self_signed(unfinished, "127.0.0.1")
    os.rename(unfinished, vm.project("tls"))


def _compose(vm: Vm) -> str:
    image = vm.image("registry", vm.floating)
    services = "".join(_service(vm, service, image) for service in SERVICES)
    front = _FRONT.format(
        front=FRONT,
        image=vm.image("nginx", "1"),
        container=vm.container(FRONT),
        services="\n".join(f"      - {service.name}" for service in SERVICES),
        ports="\n".join(f'      - "{vm.address(service.name)}:{service.port}"' for service in SERVICES),
    )
    return _HEAD.format(name=vm.name) + services + front


def _service(vm: Vm, service: Service, image: str) -> str:
    more = "" if service.cache else "      - ./htpasswd:/auth/htpasswd:ro\n"
    test = _HEALTHY if service.cache else _HEALTHY_WITH_AUTH
    return _SERVICE.format(service=service, image=image, container=vm.container(service.name), more=more, test=test)


def _nginx() -> str:
    services = (_NGINX_SERVICE.format(service=service, tls="" if service.cache else _NGINX_TLS) for service in SERVICES)
    return _NGINX_HEAD + "".join(services) + "}\n"


def _config(service: Service) -> str:
    if service is HOSTED:
        return _CONFIG.format(
            service=service, delete=_DELETE, age="168h", secret=f"  secret: {secrets.token_hex(8)}\n", more=_AUTH
        )
    remote = f"proxy:\n  remoteurl: http://{UPSTREAM}:5000\n"
    return _CONFIG.format(service=service, delete="", age="24h", secret=f"  secret: {secrets.token_hex(8)}\n", more=remote)
