# The corpus command, Prefect and Dask's workers, for a read-only root and a user of its own: docker build -t corpus .
FROM python:3.13-slim
RUN pip install --no-cache-dir uv && useradd --uid 1000 --create-home corpus
WORKDIR /app
COPY . .
# The compiler is gone again in the same layer; without it reading would take twice as long.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends gcc libc6-dev \
    && uv sync --locked --no-dev --extra dask --extra report --compile-bytecode \
    && apt-get purge -y -qq --auto-remove gcc libc6-dev && rm -rf /var/lib/apt/lists/*
# What Prefect and Dask write for themselves goes to /tmp; the corpus is in CORPUS_DATA_DIR.
ENV PATH=/app/.venv/bin:$PATH HOME=/tmp PREFECT_HOME=/tmp/prefect DO_NOT_TRACK=1
USER corpus
CMD ["corpus", "--help"]
