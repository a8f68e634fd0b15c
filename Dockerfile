# One image for every flowrun command: docker run flowrun --help
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${PYTHON_IMAGE}

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app

# The dependencies have a layer of their own: a change of our code does not install them again.
COPY pyproject.toml constraints.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" \
      > requirements.txt \
 && pip install -r requirements.txt -c constraints.txt

COPY README.md ./
COPY schemas schemas
COPY broker broker
COPY ingest ingest
COPY processors processors
COPY flowrun flowrun
RUN pip install --no-deps .

RUN useradd --uid 10001 --create-home flowrun
USER flowrun
WORKDIR /home/flowrun

ENTRYPOINT ["flowrun"]
CMD ["--help"]
