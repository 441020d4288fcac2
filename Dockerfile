# The corpus command with the reader for Dask's workers: docker build -t corpus .
FROM python:3.13-slim
RUN pip install --no-cache-dir uv && useradd --create-home corpus
WORKDIR /opt/corpus
COPY . .
RUN uv sync --locked --no-dev --extra dask --compile-bytecode
ENV PATH=/opt/corpus/.venv/bin:$PATH
USER corpus
CMD ["corpus", "--help"]
