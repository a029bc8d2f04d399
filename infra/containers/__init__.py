"""Taskify in containers: the images, the front, and what a first start needs.

What it does: `Dockerfile` is the image of all Python processes, `web.Dockerfile` that of the page with nginx in front;
`images.sh` builds both, `compose.yaml` in the repository's root runs them. `first_start` makes all passwords, `prepare`
brings PostgreSQL and RabbitMQ to what the services expect, `health` is the image's health check.

Guarantees: no secret is in an image or in `compose.yaml`. Each container gets a volume with its own secrets only.
Everything here may run again and again: what is there stays.

May import: the standard library, `contracts.topology`, `infra`; of `infra.local` what knows passwords, databases and
brokers. No product code imports it.
"""
